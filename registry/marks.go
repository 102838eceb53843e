package registry

import (
	"cmp"
	"fmt"

	"github.com/rollcall-dev/rollcall/store"
)

// partOf is the half of a mark that a key's part names.
func partOf(m *store.Mark, part string) **store.MarkPart {
	if part == partQuota {
		return &m.Quota
	}
	return &m.Suspension
}

// rank orders what sets a half of a mark: what a person set gives way to a person only.
func rank(p *store.MarkPart) int {
	if p.Actor != "" {
		return 5
	}
	switch p.Source {
	case store.SourceOperator:
		return 4
	case store.SourceProviderReset:
		return 3
	case store.SourceRetryAfter:
		return 2
	case store.SourceHeuristic:
		return 1
	}
	return 0 // suspensions
}

// outdoes says whether what is set replaces what stands, as the scripts decide it: by rank, else where it ends later.
func outdoes(set, stands *store.MarkPart) bool {
	if a, b := rank(set), rank(stands); a != b {
		return a > b
	}
	return stands.Until != 0 && (set.Until == 0 || set.Until > stands.Until)
}

// alike says whether two marks tell the same; nil is none. A revision alone that moved is told to nobody.
func alike(a, b *store.Mark) bool {
	half := func(a, b *store.MarkPart) bool {
		return a == b || (a != nil && b != nil && a.Until == b.Until && a.Since == b.Since && a.Source == b.Source &&
			a.Reason == b.Reason && cmp.Or(a.Actor, a.Setter) == cmp.Or(b.Actor, b.Setter))
	}
	return a == b || (a != nil && b != nil && half(a.Quota, b.Quota) && half(a.Suspension, b.Suspension))
}

func isOver(p *store.MarkPart, now int64) bool { return p.Until != 0 && p.Until <= now }

// pendingMark is a write that changes one half of a mark; replay is left to the caller.
func (r *ModelRegistry) pendingMark(key pendingKey, what string, change func(half **store.MarkPart)) *pendingWrite {
	return &pendingWrite{
		key:  key,
		what: fmt.Sprintf("%s of client %q, model %q", what, key.client, key.model),
		show: func(to target) {
			next := store.Mark{}
			if old := running(to.markOf(key.client, key.model), r.clock.Millis()); old != nil {
				next = store.Mark{Quota: old.Quota, Suspension: old.Suspension}
			}
			change(partOf(&next, key.part))
			if next.Quota == nil && next.Suspension == nil {
				to.setMark(key.client, key.model, nil)
				return
			}
			to.setMark(key.client, key.model, &next)
		},
	}
}

// pendingSet is a write that sets one half of a mark; replay is left to the caller.
func (r *ModelRegistry) pendingSet(key pendingKey, what string, set store.MarkPart) *pendingWrite {
	w := r.pendingMark(key, what, func(half **store.MarkPart) {
		if isOver(&set, r.clock.Millis()) || (*half != nil && !outdoes(&set, *half)) {
			return
		}
		next := set
		if *half != nil && key.part == partQuota { // it stands since the first
			next.Since = (*half).Since
		}
		*half = &next
	})
	w.set = &set
	return w
}
