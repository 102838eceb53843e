package registry

import (
	"context"

	"github.com/rollcall-dev/rollcall/store"
)

// ReplicaStatus is a replica as Redis knows it; see store.ReplicaStatus.
type ReplicaStatus = store.ReplicaStatus

// Replicas lists the replicas of the namespace by ID, those included whose lease is over. It asks Redis: ErrUnavailable
// where that does not answer, ErrClosed after Close.
func (r *ModelRegistry) Replicas(ctx context.Context) ([]ReplicaStatus, error) {
	if r.closed.Load() {
		return nil, ErrClosed
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	return r.store.Replicas(ctx)
}
