package registry

import (
	"math"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// pairState is a mark on a client for a model, ready for counting. What readers see of it does not change.
type pairState struct {
	*definition          // whose mark it is
	quotaUntil     int64 // ms; 0: no quota mark
	suspendedUntil int64 // ms; 0: not suspended; MaxInt64: no deadline
	cooldown       bool  // the suspension is one for quota: it ends as a quota mark does
	ends           int64 // when the first part of it does; MaxInt64: none does

	// The writer's:
	listed int // place in the book's marks
	ending int // place in the book's endings
}

func newPairState(d *definition, mark *store.Mark) *pairState {
	p := &pairState{definition: d}
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
	return p.settled()
}

func (p *pairState) settled() *pairState {
	p.ends = math.MaxInt64
	for _, until := range []int64{p.quotaUntil, p.suspendedUntil} {
		if until != 0 {
			p.ends = min(p.ends, until)
		}
	}
	return p
}

// rest is what is left of a mark without the parts that are over; nil: nothing.
func (p *pairState) rest(now int64) *pairState {
	rest := &pairState{definition: p.definition}
	if p.quotaUntil > now {
		rest.quotaUntil = p.quotaUntil
	}
	if p.suspendedUntil > now {
		rest.suspendedUntil, rest.cooldown = p.suspendedUntil, p.cooldown
	}
	if rest.quotaUntil == 0 && rest.suspendedUntil == 0 {
		return nil
	}
	return rest.settled()
}

// tally counts what marks take away at a moment.
type tally struct {
	unavailable int // clients with any mark
	overOrOther int // over quota, or suspended for another reason than quota
	cooling     int // over quota, or suspended for it
	other       int // suspended for another reason
}

// count adds what a mark takes away at a moment so many times.
func (t *tally) count(p *pairState, now int64, times int) {
	over, suspended := p.quotaUntil > now, p.suspendedUntil > now
	if !over && !suspended {
		return
	}
	t.unavailable += times
	if over || !p.cooldown {
		t.overOrOther += times
	}
	if over || p.cooldown {
		t.cooling += times
	}
	if suspended && !p.cooldown {
		t.other += times
	}
}

func (t *tally) add(u tally) {
	t.unavailable += u.unavailable
	t.overOrOther += u.overOrOther
	t.cooling += u.cooling
	t.other += u.other
}

// listed is the rule of the original: some client may serve the model, or all that cannot will by themselves.
func (t *tally) listed(registrations int) bool {
	return registrations > t.overOrOther || (registrations > 0 && t.cooling > 0 && t.other == 0)
}

// available is how many of the registrations can be used.
func (t *tally) available(registrations int) int { return max(0, registrations-t.unavailable) }
