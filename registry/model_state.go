package registry

import (
	"math"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// modelState is what the view publishes of a model. It does not change; a change of the model makes another.
type modelState struct {
	id            string
	registrations int             // how often clients registered it, duplicates included
	newest        *catalogModel   // of the most recently registered client that supplies it
	providers     []providerState // by registrations, most first, then by name
	names         []string        // of providers; nil for none
	marks         []pairState     // of the clients that have one

	// What follows holds until `until`, in server ms; 0 is for ever.
	available int  // registrations less the clients that are marked
	listed    bool // belongs in lists
	until     int64
}

// providerState is one provider's share in a model.
type providerState struct {
	name          string
	registrations int
	newest        *catalogModel
}

// pairState is a mark on a client for a model, ready for counting.
type pairState struct {
	provider       string
	quotaUntil     int64 // ms; 0: no quota mark
	suspendedUntil int64 // ms; 0: not suspended; MaxInt64: no deadline
	cooldown       bool  // the suspension is one for quota: it ends as a quota mark does
}

func newPairState(provider string, mark *store.Mark) pairState {
	p := pairState{provider: provider}
	if mark.Quota != nil {
		p.quotaUntil = mark.Quota.Until
	}
	if s := mark.Suspension; s != nil {
		p.suspendedUntil = s.Until
		if s.Until == 0 {
			p.suspendedUntil = math.MaxInt64
		}
		p.cooldown = strings.EqualFold(s.Reason, "quota")
	}
	return p
}

// tally counts what marks take away at a moment.
type tally struct {
	unavailable int   // clients with any mark
	overOrOther int   // over quota, or suspended for another reason than quota
	cooling     bool  // someone is over quota, or suspended for it
	other       bool  // someone is suspended for another reason
	next        int64 // when a mark ends; 0: none does
}

func (t *tally) add(p pairState, now int64) {
	over, suspended := p.quotaUntil > now, p.suspendedUntil > now
	if !over && !suspended {
		return
	}
	t.unavailable++
	if over || !p.cooldown {
		t.overOrOther++
	}
	t.cooling = t.cooling || over || p.cooldown
	t.other = t.other || (suspended && !p.cooldown)
	t.ends(p.quotaUntil, over)
	t.ends(p.suspendedUntil, suspended && p.suspendedUntil != math.MaxInt64)
}

func (t *tally) ends(moment int64, running bool) {
	if running && (t.next == 0 || moment < t.next) {
		t.next = moment
	}
}

// listed is the rule of the original: some client may serve the model, or all that cannot will by themselves.
func (t *tally) listed(registrations int) bool {
	return registrations > t.overOrOther || (registrations > 0 && t.cooling && !t.other)
}

func (m *modelState) tally(now int64) tally {
	var t tally
	for _, p := range m.marks {
		t.add(p, now)
	}
	return t
}

// settle works out what depends on the clock.
func (m *modelState) settle(now int64) {
	t := m.tally(now)
	m.available = max(0, m.registrations-t.unavailable)
	m.listed = t.listed(m.registrations)
	m.until = t.next
}

// at returns the answers of a moment: the prepared ones while they hold, else worked out anew.
func (m *modelState) at(now int64) (available int, listed bool) {
	if m.until == 0 || now < m.until {
		return m.available, m.listed
	}
	t := m.tally(now)
	return max(0, m.registrations-t.unavailable), t.listed(m.registrations)
}

// provider returns a provider's share, or nil.
func (m *modelState) provider(name string) *providerState {
	i := slices.IndexFunc(m.providers, func(p providerState) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return &m.providers[i]
}

// listedBy says whether the model is listed when only one provider's clients are looked at.
func (m *modelState) listedBy(p *providerState, now int64) bool {
	var t tally
	for _, mark := range m.marks {
		if mark.provider == p.name {
			t.add(mark, now)
		}
	}
	return t.listed(p.registrations)
}

// info returns the description to hand out for a provider, the general one where it is empty or has none.
func (m *modelState) info(provider string) *ModelInfo {
	if provider != "" {
		if p := m.provider(provider); p != nil {
			return p.newest.info
		}
	}
	return m.newest.info
}
