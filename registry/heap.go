package registry

// heap gives the first of its items in an order, and takes items out from the middle where they know their place.
type heap[T any] struct {
	items  []T
	before func(a, b T) bool
	placed func(item T, place int) // is told where an item stands; nil: nobody asks
}

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	h.fix(len(h.items) - 1)
}

// remove takes out the item at a place.
func (h *heap[T]) remove(place int) {
	last := len(h.items) - 1
	moved := h.items[last]
	clear(h.items[last:])
	h.items = h.items[:last]
	if place < last {
		h.items[place] = moved
		h.fix(place)
	}
}

// fix puts the item at a place, which is new or has changed, where it belongs.
func (h *heap[T]) fix(place int) {
	item := h.items[place]
	for place > 0 {
		parent := (place - 1) / 2
		if !h.before(item, h.items[parent]) {
			break
		}
		h.put(h.items[parent], place)
		place = parent
	}
	for {
		child := 2*place + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.before(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.before(h.items[child], item) {
			break
		}
		h.put(h.items[child], place)
		place = child
	}
	h.put(item, place)
}

func (h *heap[T]) put(item T, place int) {
	h.items[place] = item
	if h.placed != nil {
		h.placed(item, place)
	}
}

// keep drops all items but those that are wanted.
func (h *heap[T]) keep(wanted func(T) bool) {
	all := h.items
	h.items = h.items[:0]
	for _, item := range all {
		if wanted(item) {
			h.push(item)
		}
	}
	clear(all[len(h.items):])
}
