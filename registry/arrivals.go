package registry

import (
	"context"
	"sync"
)

// arrivals lets callers wait until the view has come to a position.
type arrivals struct {
	mu      sync.Mutex
	waiting map[chan struct{}]Position
	closed  bool
}

// reached says whether a view at one position shows what happened up to another.
func reached(view, wanted Position) bool {
	return view.Epoch == wanted.Epoch && view.Revision >= wanted.Revision
}

// at tells those who wait that the view has come to a position.
func (a *arrivals) at(position Position) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ch, wanted := range a.waiting {
		if reached(position, wanted) {
			close(ch)
			delete(a.waiting, ch)
		}
	}
}

// close ends all waiting.
func (a *arrivals) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for ch := range a.waiting {
		close(ch)
	}
	a.waiting = nil
}

// wait returns when current has reached the position, with ctx's error when it ends first, ErrClosed after close.
func (a *arrivals) wait(ctx context.Context, wanted Position, current func() Position) error {
	if reached(current(), wanted) {
		return nil
	}
	ch := make(chan struct{})
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return ErrClosed
	}
	if reached(current(), wanted) { // it came between the look and the lock
		a.mu.Unlock()
		return nil
	}
	if a.waiting == nil {
		a.waiting = make(map[chan struct{}]Position)
	}
	a.waiting[ch] = wanted
	a.mu.Unlock()
	select {
	case <-ch:
		if reached(current(), wanted) {
			return nil
		}
		return ErrClosed
	case <-ctx.Done():
		a.mu.Lock()
		delete(a.waiting, ch)
		a.mu.Unlock()
		return ctx.Err()
	}
}
