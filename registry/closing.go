package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// closeTimeout is what writes under way and giving up the holds may take; together with stopping, Close stays under 2 s.
const closeTimeout = 1500 * time.Millisecond

// Close gives up this replica's holds, stops following the feed, and closes the connections that Open or New made.
// Clients that no other replica holds go; their marks wait for their return. It returns within 2 s, with an error when
// Redis could not be told; the holds then end with the lease. Writes that are under way are waited for, or cut off with
// ErrClosed: a hold that Redis makes later ends with a lease. After Close the view stays as it was, and writes return
// ErrClosed. A second Close does nothing.
func (r *ModelRegistry) Close() error {
	r.once.Do(func() {
		r.showing.Lock()
		r.closed.Store(true) // from here on nothing is added to what waits
		r.showing.Unlock()
		released := r.leave()
		r.mu.Lock()
		r.ending = true
		r.mu.Unlock()
		r.stop()
		closed := r.store.Close() // ends a read of the feed that waits
		r.running.Wait()
		r.arrived.close()
		r.closing = errors.Join(released, r.losing(), closed)
		if r.closing != nil {
			r.closing = fmt.Errorf("close registry: %w", r.closing)
		}
	})
	return r.closing
}

// losing says how many writes that wait are lost, and why they waited; nil where none is.
func (r *ModelRegistry) losing() error {
	why := cmp.Or(r.health.down(), r.pending.unanswered(), ErrUnavailable) // the last: they waited for other replicas
	switch lost := r.pending.unsent(); lost {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("1 write that waited for redis is lost: %w", why)
	default:
		return fmt.Errorf("%d writes that waited for redis are lost: %w", lost, why)
	}
}

// leave gives up the holds when the last write has ended, or half of the time is over. What is known of Redis does not
// matter: it may be back.
func (r *ModelRegistry) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	waiting, stop := context.WithTimeout(ctx, closeTimeout/2)
	defer stop()
	_ = r.store.Drain(waiting) // who is still under way is told so by its own call
	if r.options.Observer {
		return nil
	}
	err := r.store.Release(ctx)
	if errors.Is(err, store.ErrEmpty) {
		return nil // nothing is held there
	}
	return err
}
