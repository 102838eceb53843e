package registry

import (
	"context"

	"github.com/rollcall-dev/rollcall/store"
)

// Resync makes the view anew from Redis, as after a gap. Only while nothing is written: the follower goes on beside it.
func Resync(r *ModelRegistry, ctx context.Context) error {
	_, err := r.reload(ctx)
	return err
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

// Digest names the catalog that a client of the view uses.
func Digest(r *ModelRegistry, client string) string { return r.clients.get(client).catalog.digest }

// ValidateLimit checks a limit as the writes do that take one.
func ValidateLimit(l QuotaLimit) error { return l.sourced("").validate() }
