package registry

import "context"

// Watcher tells what a view shows, and each change of it. It is made by ModelRegistry.Watch.
type Watcher struct {
	events chan Event
	*telling
}

// Watch tells the state of the view and then all that changes in it: an EventClient for each client, by ID, each
// followed by an EventMark for each of its marks that runs, by model; then EventSynced; then the changes, in the order
// of the feed. Among them are those that time makes, a mark that expired or a suspension that ended, and writes of this
// replica that wait for Redis. When the view had to be read anew, what differs is told, nothing twice. Whoever carries
// out the events on a state of their own has what the view shows; an event never tells more than that.
//
// The view waits for nobody. When a receiver has let more than 65,536 events gather behind the change it is being told,
// the watch ends with ErrSlow. It also ends with ctx, with Close, and with the registry. A watch that is not read and
// not ended holds these events in memory.
func (r *ModelRegistry) Watch(ctx context.Context) *Watcher {
	events := make(chan Event, watchAhead)
	return &Watcher{events, tell(ctx, r, events, func(c change) (Event, bool) { return c.event(), true })}
}

// watchAhead is how many events are made before they are asked for.
const watchAhead = 64

// C is where the events come. It is closed when the watch has ended.
func (w *Watcher) C() <-chan Event { return w.events }

// Err says why the watch has ended: ErrSlow, ErrClosed for a registry that was closed, or the context's error. It is
// nil after Close, and while the watch goes on. It is set before C is closed.
func (w *Watcher) Err() error {
	select {
	case <-w.done:
		return w.err
	default:
		return nil
	}
}

// Close ends the watch and returns when its goroutine has ended. What was made and not read yet stays in C, which is
// closed.
func (w *Watcher) Close() { w.end() }
