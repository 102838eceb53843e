package registry

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
)

// tellingBehind is how many changes may gather behind the publication that a receiver is being told of.
const tellingBehind = 1 << 16

// telling is a goroutine that tells somebody what a view shows and how it changes.
type telling struct {
	stop context.CancelFunc
	done chan struct{} // closed when it has ended
	err  error         // why; set before done is closed
}

// end ends it and waits for its end.
func (t *telling) end() {
	t.stop()
	<-t.done
}

// tell begins to tell a channel what a registry's view shows, in the form that as gives it; as may leave something out.
// The channel is closed at the end.
func tell[T any](ctx context.Context, r *ModelRegistry, to chan<- T, as func(change) (T, bool)) *telling {
	t := &telling{done: make(chan struct{})}
	var own context.Context
	own, t.stop = context.WithCancel(ctx)
	end := func(err error) {
		t.stop()
		t.err = err
		close(t.done)
		close(to)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending || r.closed.Load() {
		end(ErrClosed)
		return t
	}
	state := r.watch()
	w := &walk[T]{to: to, as: as, at: state.next, scout: state.next, stopped: own.Done(), closed: r.stopped}
	r.running.Go(func() {
		err := w.tell(state)
		r.unwatch()
		if errors.Is(err, errStopped) {
			err = ctx.Err()
		}
		end(err)
	})
	return t
}

// errStopped: the context ended.
var errStopped = errors.New("stopped")

// walk goes along the list of batches at the pace of a receiver. The scout goes ahead to the end of it: what is between
// them may be in memory for this receiver alone, and is therefore bounded.
type walk[T any] struct {
	to      chan<- T
	as      func(change) (T, bool)
	at      *batch // to be told next
	scout   *batch // not known to be filled
	behind  int    // changes from at up to the scout
	stopped <-chan struct{}
	closed  <-chan struct{}
}

// tell tells the state, then the changes, until something ends it.
func (w *walk[T]) tell(state audience) error {
	for c := range state.changes() {
		if err := w.give(c); err != nil {
			return err
		}
	}
	state = audience{}
	for {
		for w.at == w.scout {
			if _, err := w.wait(nil, *new(T)); err != nil {
				return err
			}
		}
		changes := w.at.changes
		w.at, w.behind = w.at.next, w.behind-len(changes)
		for _, c := range changes {
			if err := w.give(c); err != nil {
				return err
			}
		}
	}
}

// give returns when the receiver has taken a change.
func (w *walk[T]) give(c change) error {
	item, wanted := w.as(c)
	for wanted {
		given, err := w.wait(w.to, item)
		if given || err != nil {
			return err
		}
	}
	return nil
}

// wait returns when the receiver has taken an item, the list has become longer, or it is over. Without a channel there
// is nothing to be taken.
func (w *walk[T]) wait(to chan<- T, item T) (given bool, err error) {
	select {
	case to <- item:
		return true, nil
	case <-w.scout.ready:
		if w.behind > tellingBehind {
			return false, ErrSlow
		}
		w.behind += len(w.scout.changes)
		w.scout = w.scout.next
		return false, nil
	case <-w.stopped:
		return false, errStopped
	case <-w.closed:
		return false, ErrClosed
	}
}

// changes are those that lead to a state from nothing, and EventSynced.
func (a audience) changes() iter.Seq[change] {
	return func(yield func(change) bool) {
		slices.SortFunc(a.clients, func(b, c watchedClient) int { return strings.Compare(b.client, c.client) })
		for _, c := range a.clients {
			if !yield(change{kind: EventClient, position: a.position, client: c.client, definition: c.definition}) {
				return
			}
			for _, model := range slices.Sorted(maps.Keys(c.marks)) {
				mark := running(c.marks[model], a.now)
				if mark == nil {
					continue
				}
				if !yield(change{kind: EventMark, position: a.position, client: c.client, model: model, mark: mark}) {
					return
				}
			}
		}
		yield(change{kind: EventSynced, position: a.position})
	}
}
