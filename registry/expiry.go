package registry

import "container/heap"

// expiries orders the models by when an answer about them changes by itself, soonest first.
type expiries []*book

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].state.until < e[j].state.until }
func (e expiries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].place, e[j].place = i, j
}

// Push implements heap.Interface.
func (e *expiries) Push(b any) {
	b.(*book).place = len(*e)
	*e = append(*e, b.(*book))
}

// Pop implements heap.Interface.
func (e *expiries) Pop() any {
	last := (*e)[len(*e)-1]
	last.place = -1
	*e = (*e)[:len(*e)-1]
	return last
}

// update puts a book, whose state was just set, where it belongs.
func (e *expiries) update(b *book) {
	timed := b.state != nil && b.state.until != 0
	switch {
	case timed && b.place < 0:
		heap.Push(e, b)
	case timed:
		heap.Fix(e, b.place)
	case b.place >= 0:
		heap.Remove(e, b.place)
	}
}

// soonest is when the first answer changes by itself, in server ms; 0: none does.
func (e expiries) soonest() int64 {
	if len(e) == 0 {
		return 0
	}
	return e[0].state.until
}
