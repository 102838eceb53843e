package registry_test

import (
	"maps"
	"time"
)

// quota and suspend answer for pairs that nobody supplies with an error, clear and resume do not mind them.
func (ref *reference) quota(who refReplica, id, model string) (bool, error) {
	c, err := ref.pair(id, model)
	if err != nil {
		return false, err
	}
	mark := c.marks[model]
	if until := ref.now.Add(who.window); until.After(mark.quotaUntil) {
		mark.quotaUntil = until
	}
	c.marks[model] = mark
	return true, nil
}

func (ref *reference) suspend(id, model, reason string) (bool, error) {
	c, err := ref.pair(id, model)
	if err != nil {
		return false, err
	}
	mark := c.marks[model]
	if mark.suspended {
		return false, nil
	}
	mark.suspended, mark.reason = true, reason
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

func (ref *reference) clear(id, model string) bool {
	c := ref.clients[id]
	if c == nil || !ref.overQuota(c.marks[model]) {
		return false
	}
	mark := c.marks[model]
	mark.quotaUntil = time.Time{}
	c.setMark(model, mark)
	return true
}

func (ref *reference) resume(id, model string) bool {
	c := ref.clients[id]
	if c == nil || !c.marks[model].suspended {
		return false
	}
	mark := c.marks[model]
	mark.suspended, mark.reason = false, ""
	c.setMark(model, mark)
	return true
}

// cleanup forgets the marks that are over, those that wait for a client included, and says how many. A suspended pair
// counts when its quota mark is over.
func (ref *reference) cleanup() int {
	removed := 0
	for _, c := range ref.clients {
		for model, mark := range maps.Clone(c.marks) {
			if !mark.quotaUntil.IsZero() && !ref.overQuota(mark) {
				mark.quotaUntil = time.Time{}
				c.setMark(model, mark)
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

// advance moves the clock and reports whether a quota mark ended on the way.
func (ref *reference) advance(d time.Duration) bool {
	before := ref.liveQuotas()
	ref.now = ref.now.Add(d)
	return ref.liveQuotas() != before
}

func (ref *reference) liveQuotas() int {
	live := 0
	for _, c := range ref.clients {
		for _, mark := range c.marks {
			if ref.overQuota(mark) {
				live++
			}
		}
	}
	return live
}

func (ref *reference) overQuota(mark refMark) bool { return ref.now.Before(mark.quotaUntil) }

// stillWaits: a suspension that applies again when the client returns now.
func (ref *reference) stillWaits(mark refMark) bool {
	return mark.suspended && ref.now.Before(mark.waitUntil)
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
