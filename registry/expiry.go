package registry

// expiries orders the models by when an answer about them changes by itself, soonest first.
type expiries struct{ heap[*book] }

func newExpiries() expiries {
	return expiries{heap[*book]{
		before: func(a, b *book) bool { return a.state.until < b.state.until },
		placed: func(b *book, place int) { b.place = place },
	}}
}

// update puts a book, whose state was just set, where it belongs.
func (e *expiries) update(b *book) {
	timed := b.state != nil && b.state.until != 0
	switch {
	case timed && b.place < 0:
		e.push(b)
	case timed:
		e.fix(b.place)
	case b.place >= 0:
		e.remove(b.place)
		b.place = -1
	}
}

// soonest is when the first answer changes by itself, in server ms; 0: none does.
func (e *expiries) soonest() int64 {
	if len(e.items) == 0 {
		return 0
	}
	return e.items[0].state.until
}

// due calls visit for the models about which an answer has changed, from a place in the heap downwards.
func (e *expiries) due(now int64, place int, visit func(*book)) {
	if place >= len(e.items) || e.items[place].state.until > now {
		return
	}
	visit(e.items[place])
	e.due(now, 2*place+1, visit)
	e.due(now, 2*place+2, visit)
}
