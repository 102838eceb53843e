package registry

import (
	"cmp"
	"slices"
	"strings"
)

// listing is all models at one moment. Each has a slot that stays its own while it is there, so that a change of a few
// states leaves the orders as they are.
type listing struct {
	states     vector[*modelState] // by slot; nil: free
	byID       []int32             // slots
	newest     []int32             // slots: most recently created first, then by ID
	generation uint64
	until      int64 // when an answer changes by itself, in server ms; 0: none does
	position   Position
}

// publish shows readers what was changed since the last call, as of a position.
func (v *View) publish(position Position) {
	old := v.listing.Load()
	next := *old
	next.position = position
	if len(v.moved) > 0 || len(v.dirty) > 0 {
		next.generation++
		for _, id := range v.moved {
			if c := v.known[id]; c != nil {
				v.clients.set(id, &registered{c.definition, c.marks})
			} else {
				v.clients.set(id, nil)
			}
		}
		v.moved = emptied(v.moved)
		v.publishModels(&next)
	}
	v.listing.Store(&next)
	v.dropIdle()
	v.edition++
	if local := v.local.Load(); local != nil {
		local.publish(position)
	}
	v.announce(position)
	v.wakeInTime()
}

func (v *View) publishModels(next *listing) {
	now := v.clock.Millis()
	var came, went, aged []int32 // slots; aged: of models whose place by age may be another
	for _, b := range v.dirty {
		before := b.state
		b.state = b.next(now, v.edition)
		v.expiries.update(b)
		if b.state == nil {
			delete(v.books, b.id)
		}
		switch {
		case before == nil && b.state == nil:
			continue
		case b.state == nil:
			went = append(went, b.slot)
		case before == nil:
			v.takeSlot(b, next)
			came = append(came, b.slot)
		case before.newest.info.Created != b.state.newest.info.Created:
			aged = append(aged, b.slot)
		}
		next.states.set(v.edition, int(b.slot), b.state)
	}
	if len(came) > 0 || len(went) > 0 {
		next.byID = v.reorder(next.byID, went, came, v.compareIDs)
	}
	if len(came) > 0 || len(went) > 0 || len(aged) > 0 {
		next.newest = v.reorder(next.newest, slices.Concat(went, aged), slices.Concat(came, aged), v.compareAges)
	}
	for _, slot := range went {
		v.slots[slot] = nil
	}
	v.free = append(v.free, went...)
	for _, b := range v.dirty {
		b.dirty = false
		v.models.set(b.id, b.state)
	}
	v.dirty = emptied(v.dirty)
	next.until = v.expiries.soonest()
}

// takeSlot gives a book that comes into the listing a slot of its own.
func (v *View) takeSlot(b *book, next *listing) {
	if last := len(v.free) - 1; last >= 0 {
		b.slot, v.free = v.free[last], v.free[:last]
		v.slots[b.slot] = b
		return
	}
	b.slot = int32(len(v.slots))
	v.slots = append(v.slots, b)
	next.states.push(v.edition, nil)
}

func (v *View) compareIDs(a, b int32) int { return strings.Compare(v.slots[a].id, v.slots[b].id) }

func (v *View) compareAges(a, b int32) int {
	created := func(slot int32) int64 { return v.slots[slot].state.newest.info.Created }
	return cmp.Or(cmp.Compare(created(b), created(a)), v.compareIDs(a, b))
}

// reorder makes a new order: the old one without those that leave it, and with others where they belong.
func (v *View) reorder(old, leave, enter []int32, compare func(a, b int32) int) []int32 {
	leaves := make([]bool, len(v.slots))
	for _, slot := range leave {
		leaves[slot] = true
	}
	rest := make([]int32, 0, len(old))
	for _, slot := range old {
		if !leaves[slot] {
			rest = append(rest, slot)
		}
	}
	enter = slices.SortedFunc(slices.Values(enter), compare)
	order := make([]int32, 0, len(rest)+len(enter))
	for _, slot := range enter {
		before, _ := slices.BinarySearchFunc(rest, slot, compare)
		order, rest = append(append(order, rest[:before]...), slot), rest[before:]
	}
	return append(order, rest...)
}

// emptied is a list without its items, which it does not keep alive either. It gives up the room that a large change
// needed.
func emptied[T any](list []T) []T {
	if cap(list) > 1024 {
		return nil
	}
	clear(list)
	return list[:0]
}
