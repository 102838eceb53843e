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

// Apply shows a change in the view as if the feed had brought it, at the position where the view stands. Catalogs must
// be known to the view.
func Apply(r *ModelRegistry, entry store.Entry) {
	entry.Position = r.Position()
	r.advance([]store.Entry{entry}, nil, func(target) {})
}

// Digest names the catalog that a client of the view uses.
func Digest(r *ModelRegistry, client string) string { return r.clients.get(client).catalog.digest }
