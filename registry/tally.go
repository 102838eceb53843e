package registry

import (
	"math"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// pairState is what keeps a client from a model, ready for counting: the mark of the pair, and the one on the client as a
// whole. What readers see of it does not change.
type pairState struct {
	*definition               // whose marks they are
	pair, whole   *store.Mark // nil: none
	quotaUntil    int64       // ms, the later one's end, here and below; 0: not over quota
	cooldownUntil int64       // the same for suspensions for quota, which end as a quota mark does; MaxInt64: no deadline
	otherUntil    int64       // the same for suspensions for another reason
	ends          int64       // when the first part of either does; MaxInt64: none does

	ending int // place in the book's endings; the writer's
}

// newPairState makes the state of the parts that are running at a moment; that of the unmarked where there are none.
func newPairState(d *definition, pair, whole *store.Mark, now int64) *pairState {
	if pair == nil && whole == nil {
		return d.unmarked
	}
	p := &pairState{definition: d, pair: pair, whole: whole, ends: math.MaxInt64}
	for _, mark := range []*store.Mark{pair, whole} {
		if mark == nil {
			continue
		}
		p.take(mark.Quota, &p.quotaUntil, now)
		if s := mark.Suspension; s != nil && coolsDown(s) {
			p.take(s, &p.cooldownUntil, now)
		} else {
			p.take(s, &p.otherUntil, now)
		}
	}
	if p.quotaUntil == 0 && p.cooldownUntil == 0 && p.otherUntil == 0 {
		return d.unmarked
	}
	return p
}

func (p *pairState) take(part *store.MarkPart, until *int64, now int64) {
	if end := endOf(part); end > now {
		*until = max(*until, end)
		p.ends = min(p.ends, end)
	}
}

// rest is what is left without the parts that are over.
func (p *pairState) rest(now int64) *pairState {
	return newPairState(p.definition, p.pair, p.whole, now)
}

// state says what the client is for the model at a moment, and when it comes back by itself; MaxInt64: never.
func (p *pairState) state(now int64) (state State, back int64) {
	back = max(p.quotaUntil, p.cooldownUntil, p.otherUntil)
	switch {
	case back <= now:
		return StateAvailable, 0
	case p.otherUntil > now:
		return StateSuspended, back
	}
	return StateCooling, back
}

// free says whether the client may be used for the model at a moment.
func (p *pairState) free(now int64) bool {
	return max(p.quotaUntil, p.cooldownUntil, p.otherUntil) <= now
}

// endOf is when a part of a mark ends, in ms: 0 for none, MaxInt64 for one without a deadline.
func endOf(part *store.MarkPart) int64 {
	switch {
	case part == nil:
		return 0
	case part.Until == 0:
		return math.MaxInt64
	}
	return part.Until
}

// coolsDown says whether a suspension is one for quota.
func coolsDown(s *store.MarkPart) bool { return strings.EqualFold(s.Reason, "quota") }

// tally counts what marks take away at a moment. A client counts once in each.
type tally struct {
	unavailable int // clients with any mark
	overOrOther int // over quota, or suspended for another reason than quota
	cooling     int // over quota, or suspended for it
	other       int // suspended for another reason
}

// count adds what a client's marks take away at a moment so many times.
func (t *tally) count(p *pairState, now int64, times int) {
	over, cooldown, other := p.quotaUntil > now, p.cooldownUntil > now, p.otherUntil > now
	if over || cooldown || other {
		t.unavailable += times
	}
	if over || other {
		t.overOrOther += times
	}
	if over || cooldown {
		t.cooling += times
	}
	if other {
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
