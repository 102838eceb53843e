package registry

import (
	"context"
	"hash/maphash"

	"github.com/rollcall-dev/rollcall/store"
)

// Resync has the follower make the view anew from Redis, as after a gap.
func Resync(r *ModelRegistry, ctx context.Context) error {
	done := new(make(chan struct{}))
	if !r.replays.CompareAndSwap(nil, done) {
		done = r.replays.Load()
	}
	if done == nil {
		return nil // it was made anew meanwhile
	}
	select {
	case <-*done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Follows shows a change as an own write does, if it comes next.
func Follows(r *ModelRegistry, entry store.Entry) bool { return r.follows(entry, nil) }

// Advance shows entries as the feed brings them.
func Advance(r *ModelRegistry, entries ...store.Entry) error {
	return r.advance(entries, nil, func(target) {})
}

// Apply shows a change in the view as if the feed had brought it, at the position where the view stands. Catalogs must
// be known to the view.
func Apply(r *ModelRegistry, entry store.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	apply(viewTarget{r.View, nil}, entry)
	r.publish(r.listing.Load().position)
}

// ShowWaiting shows the writes that wait once more, as each time when the feed brings something.
func ShowWaiting(r *ModelRegistry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending.show(viewTarget{r.View, nil}, r.listing.Load().position)
	r.publish(r.listing.Load().position)
}

// Digest names the catalog that a client of the view uses.
func Digest(r *ModelRegistry, client string) string { return r.clients.get(client).catalog.digest }

// ValidateLimit checks a limit as the writes do that take one.
func ValidateLimit(l QuotaLimit) error { return l.sourced("").validate() }

// Holds says whether this replica would bring a client back after a loss.
func Holds(r *ModelRegistry, client string) bool { return r.holdings.has(client) }

// ShareLock says whether registrations of two clients wait for each other.
func ShareLock(r *ModelRegistry, a, b string) bool {
	h := &r.holdings
	return maphash.String(h.seed, a)%uint64(len(h.locks)) == maphash.String(h.seed, b)%uint64(len(h.locks))
}

// Holders lists the replicas that hold a client.
func Holders(r *ModelRegistry, client string) []string { return r.holdersOf(client) }

// Missing takes note of a holding; what it returns sets it again, as if its end had been missed.
func Missing(r *ModelRegistry, client string) (again func()) {
	held := r.holdings.clients[client]
	return func() {
		r.holdings.mu.Lock()
		defer r.holdings.mu.Unlock()
		r.holdings.clients[client] = held
	}
}

// HoldsAfter says whether a client is held that was registered and evicted at these revisions. late: the eviction was
// seen before the answer to the registration.
func HoldsAfter(registered, evicted uint64, late bool) bool {
	var h holdings
	h.init()
	h.change("c", holding{})
	if late {
		h.evict("c", evicted)
		h.registered("c", registered)
	} else {
		h.registered("c", registered)
		h.evict("c", evicted)
	}
	return h.has("c")
}

// ShownClient is what a view shows of a client, as its events tell it.
type ShownClient struct {
	Provider string
	Models   []*ModelInfo
	Marks    map[string]ShownMark // those that run, by model
}

// ShownMark is a mark as events tell it; a part that is zero is not there.
type ShownMark struct{ Quota, Suspension MarkPart }

// Shown is what the view of a registry shows now, by client.
func Shown(r *ModelRegistry) map[string]ShownClient {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := make(map[string]ShownClient, len(r.known))
	for id, c := range r.known {
		client := ShownClient{c.provider, r.GetModelsForClient(id), make(map[string]ShownMark)}
		for model, mark := range c.marks {
			var s ShownMark
			if mark = running(mark, r.clock.Millis()); mark == nil {
				continue
			}
			if mark.Quota != nil {
				s.Quota = *newMarkPart(mark.Quota)
			}
			if mark.Suspension != nil {
				s.Suspension = *newMarkPart(mark.Suspension)
			}
			client.Marks[model] = s
		}
		shown[id] = client
	}
	return shown
}

// Watched says whether the view takes notes for somebody who watches.
func Watched(r *ModelRegistry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watched != nil
}
