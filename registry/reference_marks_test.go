package registry_test

import (
	"maps"
	"time"
)

// refSeen is a position as far as the rules care: which write was the last that the view showed.
type refSeen struct {
	step    int
	known   bool // else it is the zero one
	foreign bool // of another epoch
}

// refLimit is what is said of a quota.
type refLimit struct {
	in     time.Duration // 0: nobody said; not above 0: over already
	rank   int           // 1 heuristic to 4 operator; 5 is what an actor set
	actor  string
	seen   refSeen
	stated bool // in is
}

// maxQuota is the cap of all deadlines.
const maxQuota = 8 * 24 * time.Hour

// quota and suspend answer for pairs that nobody supplies with an error, clear and resume do not mind them.
func (ref *reference) quota(who refReplica, id, model string) (bool, error) {
	return ref.quotaUntil(who, id, model, refLimit{rank: 1})
}

func (ref *reference) quotaUntil(who refReplica, id, model string, limit refLimit) (bool, error) {
	if !limit.stated {
		if limit.rank == 2 || limit.rank == 3 { // a provider's word that the provider did not say
			return false, errRefInvalid
		}
		limit.in = who.window
	}
	if limit.in <= 0 {
		return false, errRefInvalid
	}
	c, err := ref.pair(id, model)
	if err != nil {
		return false, err
	}
	mark, rank := c.marks[model], limit.rank
	if limit.actor != "" {
		rank = 5
	}
	if limit.seen.known && ref.now.Before(mark.fenceUntil) && (limit.seen.foreign || limit.seen.step < mark.fenceStep) {
		return false, nil
	}
	until := ref.now.Add(min(limit.in, maxQuota))
	if ref.overQuota(mark) && rank <= mark.quotaRank {
		mark.quotaStep = ref.step // also what changes nothing is news
		if rank == mark.quotaRank && until.After(mark.quotaUntil) {
			mark.quotaUntil, mark.quotaActor = until, limit.actor
		}
	} else {
		mark.quotaUntil, mark.quotaRank, mark.quotaActor, mark.quotaStep = until, rank, limit.actor, ref.step
	}
	c.marks[model] = mark
	return true, nil
}

func (ref *reference) suspend(id, model, reason string) (bool, error) {
	return ref.suspendUntil(id, model, reason, 0, "")
}

// suspendUntil suspends for a time; 0: until resumed.
func (ref *reference) suspendUntil(id, model, reason string, in time.Duration, actor string) (bool, error) {
	if in < 0 {
		return false, errRefInvalid
	}
	c, err := ref.pair(id, model)
	if err != nil {
		return false, err
	}
	mark, until := c.marks[model], time.Time{}
	if in > 0 {
		until = ref.now.Add(in)
	}
	if ref.isSuspended(mark) {
		longer := !mark.suspendedUntil.IsZero() && (in == 0 || until.After(mark.suspendedUntil))
		byHand, was := actor != "", mark.suspendedActor != ""
		if was && !byHand || was == byHand && !longer {
			return false, nil
		}
	}
	mark.suspended, mark.suspendedUntil, mark.reason = true, until, reason
	mark.suspendedActor, mark.suspendedStep = actor, ref.step
	c.marks[model] = mark
	return true, nil
}

func (ref *reference) pair(id, model string) (*refClient, error) {
	if id == "" || model == "" {
		return nil, errRefInvalid
	}
	c := ref.clients[id]
	if c == nil || !c.takes(model) {
		return nil, errRefNotRegistered
	}
	return c, nil
}

// refLift is how something is lifted: by whom, and as of which position; nil: whatever is there.
type refLift struct {
	actor string
	asOf  *refSeen
}

func (ref *reference) clear(id, model string) bool  { return ref.lift(id, model, true, refLift{}) }
func (ref *reference) resume(id, model string) bool { return ref.lift(id, model, false, refLift{}) }

func (ref *reference) lift(id, model string, quota bool, by refLift) bool {
	c := ref.clients[id]
	if c == nil || !c.takes(model) || by.asOf != nil && (by.asOf.foreign || !by.asOf.known) {
		return false
	}
	mark := c.marks[model]
	there, actor, step := ref.isSuspended(mark), mark.suspendedActor, mark.suspendedStep
	if quota {
		there, actor, step = ref.overQuota(mark), mark.quotaActor, mark.quotaStep
	}
	goes := there && (by.actor != "" || actor == "") && (by.asOf == nil || step <= by.asOf.step)
	switch {
	case goes && quota:
		mark = mark.cleared()
	case goes:
		mark = mark.resumed()
	}
	if by.actor != "" {
		at := ref.step
		if by.asOf != nil {
			at = by.asOf.step
		}
		if ref.now.Before(mark.fenceUntil) {
			at = max(at, mark.fenceStep)
		}
		mark.fenceUntil, mark.fenceStep = ref.now.Add(15*time.Minute), at
	}
	c.setMark(model, mark)
	return goes
}

func (m refMark) cleared() refMark {
	m.quotaUntil, m.quotaRank, m.quotaActor, m.quotaStep = time.Time{}, 0, "", 0
	return m
}

func (m refMark) resumed() refMark {
	m.suspended, m.suspendedUntil, m.reason, m.suspendedActor, m.suspendedStep = false, time.Time{}, "", "", 0
	return m
}

// byHand is what stays when a program says that the client is as new.
func (m refMark) byHand() refMark {
	if m.quotaActor == "" {
		m = m.cleared()
	}
	if m.suspendedActor == "" {
		m = m.resumed()
	}
	return m
}

// cleanup forgets the marks that are over, those that wait for a client included, and says how many. A suspended pair
// counts when its quota mark is over.
func (ref *reference) cleanup() int {
	removed := 0
	for _, c := range ref.clients {
		for model, mark := range maps.Clone(c.marks) {
			if !mark.quotaUntil.IsZero() && !ref.overQuota(mark) {
				c.setMark(model, mark.cleared())
				removed++
			}
		}
	}
	for _, marks := range ref.waiting {
		for model, mark := range maps.Clone(marks) {
			if !ref.overQuota(mark) && !ref.stillWaits(mark) {
				delete(marks, model)
				removed++
			}
		}
	}
	return removed
}

// advance moves the clock and reports whether a mark ended on the way.
func (ref *reference) advance(d time.Duration) bool {
	registered, waiting := ref.live()
	ref.now = ref.now.Add(d)
	left, leftWaiting := ref.live()
	ref.ended += registered - left + waiting - leftWaiting
	return left != registered
}

// live counts the parts of marks that have not ended, of clients that are there and of those that may return.
func (ref *reference) live() (registered, waiting int) {
	for _, c := range ref.clients {
		for _, mark := range c.marks {
			registered += one(ref.overQuota(mark)) + one(ref.isSuspended(mark))
		}
	}
	for _, marks := range ref.waiting {
		for _, mark := range marks {
			waiting += one(ref.overQuota(mark)) + one(ref.stillWaits(mark))
		}
	}
	return registered, waiting
}

func (ref *reference) overQuota(mark refMark) bool { return ref.now.Before(mark.quotaUntil) }

func (ref *reference) isSuspended(mark refMark) bool {
	return mark.suspended && (mark.suspendedUntil.IsZero() || ref.now.Before(mark.suspendedUntil))
}

// stillWaits: a suspension that applies again when the client returns now.
func (ref *reference) stillWaits(mark refMark) bool {
	return ref.isSuspended(mark) && (!mark.suspendedUntil.IsZero() || ref.now.Before(mark.waitUntil))
}

func (c *refClient) setMark(model string, mark refMark) {
	if mark == (refMark{}) {
		delete(c.marks, model)
	} else {
		c.marks[model] = mark
	}
}

// tally is one model seen over some clients: registrations, and how many clients are marked in which way.
type tally struct {
	count                int
	quota                int // clients over quota
	cooling              int // clients suspended for "quota"
	other                int // clients suspended for anything else
	quotaOrOther, marked int // each client once
}

// tally looks at the clients of one provider, or at all of them.
func (ref *reference) tally(model string, provider *string) tally {
	var t tally
	for _, c := range ref.clients {
		if provider != nil && c.provider != *provider {
			continue
		}
		if c.copies(model) == 0 {
			continue
		}
		quota, cooling, other := ref.running(c, model)
		t.count += c.copies(model)
		t.quota += one(quota)
		t.cooling += one(cooling)
		t.other += one(other)
		t.quotaOrOther += one(quota || other)
		t.marked += one(quota || cooling || other)
	}
	return t
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (t tally) listed() bool {
	if effective := max(0, t.count-t.quotaOrOther); effective > 0 {
		return true
	}
	return t.count > 0 && (t.quota > 0 || t.cooling > 0) && t.other == 0
}
