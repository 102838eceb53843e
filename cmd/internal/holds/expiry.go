package holds

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// Run releases the clients whose callers do not come back, until ctx ends. With the last hold a client goes, and its marks
// wait for its return.
func (h *Holds) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.news:
		case <-timer.C:
		}
		for _, id := range h.due() {
			h.release(ctx, id)
		}
		timer.Reset(h.next())
	}
}

// due lists the clients whose time is over.
func (h *Holds) due() (ids []string) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, held := range h.held {
		if held.over(now) {
			ids = append(ids, id)
		}
	}
	return ids
}

// next is how long it is until the first hold is over, or long where none ends.
func (h *Holds) next() time.Duration {
	now, next := time.Now(), time.Hour
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, held := range h.held {
		if held.ttl > 0 {
			next = min(next, held.until.Sub(now))
		}
	}
	return next
}

func (h hold) over(now time.Time) bool { return h.ttl > 0 && !now.Before(h.until) }

// release gives up one hold, unless it was renewed meanwhile or is gone already.
func (h *Holds) release(ctx context.Context, id string) {
	defer h.lock(id)()
	held, ok := h.get(id)
	if !ok || !held.over(time.Now()) {
		return
	}
	log := h.log.WithField("client", id)
	if _, ok := h.local.Client(id); ok {
		if err := h.registry.ReleaseClient(ctx, id); err != nil && !errors.Is(err, registry.ErrPending) {
			if ctx.Err() == nil && !held.logged {
				held.logged = true
				log.WithError(err).Warn("a client that was not renewed could not be released; trying again")
			}
			h.postpone(id, held)
			return
		}
		log.WithField("ttl", held.ttl).Info("released a client that was not renewed in time")
	}
	h.drop(id)
}

func (h *Holds) postpone(id string, held hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held.until = time.Now().Add(retryInterval)
	h.held[id] = held
}
