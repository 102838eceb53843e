package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/store"
)

// EvictClient removes a client for everybody, whoever holds it, with its marks, those included that wait for its return.
// It leaves a tombstone: for 24 hours the replicas that held it do not bring it back, after whatever pause they come; a
// client that nobody knows is kept away as well. RegisterClient does bring it back, on any replica, and ends that. A
// total loss of the data forgets tombstones: then a replica that was away during the eviction and after the loss still
// holds the client may bring it back. Errors: ErrInvalid, ErrPending, ErrClosed.
func (r *ModelRegistry) EvictClient(ctx context.Context, clientID string) error {
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	unlock := r.holdings.lock(clientID)
	defer unlock()
	do := func(ctx context.Context) (store.Reply, error) { return r.store.Evict(ctx, clientID, actor) }
	w := &pendingWrite{
		key: pendingKey{client: clientID, part: partEviction}, what: fmt.Sprintf("evict client %q", clientID),
		evicts: true, replay: do,
		show: func(to target) { to.removeClient(clientID) },
	}
	undo := r.holdings.drop(clientID)
	if err = r.write(ctx, w, do); err != nil && !errors.Is(err, ErrPending) {
		undo()
	}
	return about(err, "evict client %q", clientID)
}

// dropEvicted gives up the clients that others evicted, by the revisions that did it.
func (r *ModelRegistry) dropEvicted(entries []store.Entry) {
	for _, entry := range entries {
		if entry.Kind == store.KindEvicted && r.holdings.evict(entry.Client, entry.Position.Revision) {
			r.options.Logger.WithFields(logrus.Fields{"client": entry.Client, "by": cmp.Or(entry.Actor, entry.Replica)}).Warn(evictedHere)
		}
	}
}

// evictedHere is what is logged of a client that this replica held.
const evictedHere = "rollcall: the client was evicted: this replica does not hold it any more"
