package registry

import (
	"context"
	"slices"
	"time"
)

// releaseStrays gives up, once and a lease after the start, what an earlier process of this replica's name held and this
// one has not registered again: with the lease that this one renews it would stay for ever. Where Redis is away or the
// data are being brought back it is left to the next beat.
func (r *ModelRegistry) releaseStrays(ctx context.Context) {
	if r.heart.settled || time.Since(r.opened) < r.options.LeaseTTL || r.closed.Load() ||
		!r.health.connected() || r.healing.Load() || r.owing.Load() || r.pending.len() > 0 {
		return
	}
	released := 0
	for _, id := range r.strays() {
		done, err := r.releaseStray(ctx, id)
		if err != nil {
			return
		}
		if done {
			released++
		}
	}
	r.heart.settled = true
	if released > 0 {
		r.options.Logger.WithField("clients", released).
			Warn("rollcall: gave up what an earlier process of this replica's name held, and this one did not register")
	}
}

// strays are the clients that the view shows as held by this replica, which it did not register.
func (r *ModelRegistry) strays() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, client := range r.known {
		if slices.Contains(client.holders, r.options.ReplicaID) && !r.holdings.has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// releaseStray gives up one client, unless it is registered meanwhile.
func (r *ModelRegistry) releaseStray(ctx context.Context, id string) (done bool, err error) {
	unlock := r.holdings.lock(id)
	defer unlock()
	if r.holdings.has(id) {
		return false, nil
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	reply, err := r.store.ReleaseClient(ctx, id, "", r.Position())
	return reply.Changed, err
}
