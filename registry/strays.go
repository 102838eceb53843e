package registry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// releaseStrays gives up, a lease after each time that this replica joined, what an earlier process of its name held and
// this one has not registered: with the lease that this one renews it would stay for ever. It has a goroutine of its own,
// since it may take long, and the lease must be renewed meanwhile.
func (r *ModelRegistry) releaseStrays(ctx context.Context) {
	failed := false
	for ctx.Err() == nil {
		joined := r.heart.joinedFirst()
		if joined.IsZero() || time.Since(joined) < r.options.LeaseTTL || r.unsettled() {
			pause(ctx, r.options.LeaseTTL/3)
			continue
		}
		released, err := r.releaseAllStrays(ctx)
		if released > 0 {
			r.options.Logger.WithField("clients", released).
				Warn("rollcall: gave up what an earlier process of this replica's name held, and this one did not register")
		}
		if err == nil {
			r.heart.strayed(joined)
			failed = false
			continue
		}
		if errors.Is(err, store.ErrUnreadable) {
			r.heart.setBroken(err)
		}
		if !failed && ctx.Err() == nil {
			r.options.Logger.WithError(err).Warn("rollcall: cannot give up what an earlier process of this replica's name held; trying again")
		}
		failed = true
		pause(ctx, r.options.LeaseTTL/3)
	}
}

// unsettled says whether the view may show what does not hold, or lack what does: Redis is away, data are being brought
// back, writes wait.
func (r *ModelRegistry) unsettled() bool {
	return !r.health.connected() || r.healing.Load() || r.owing.Load() || r.pending.len() > 0 || r.closed.Load()
}

func (r *ModelRegistry) releaseAllStrays(ctx context.Context) (released int, err error) {
	for _, id := range r.strays() {
		done, err := r.releaseStray(ctx, id)
		if err != nil {
			return released, err
		}
		if done {
			released++
		}
	}
	return released, nil
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
