package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// resyncTimeout is enough to read a large namespace.
const resyncTimeout = 20 * time.Second

// errMissingCatalog: a catalog that a record refers to is not in Redis.
var errMissingCatalog = errors.New("catalog is missing in redis")

// fetch returns the catalogs of records, from the view or else from Redis.
func (r *ModelRegistry) fetch(ctx context.Context, records func(yield func(*store.ClientRecord) bool)) (
	map[string]*catalog, error,
) {
	catalogs, digests := r.catalogsOf(records)
	if len(digests) == 0 {
		return catalogs, nil
	}
	texts, err := r.store.Catalogs(ctx, digests)
	if err != nil {
		return nil, err
	}
	for _, digest := range digests {
		text, ok := texts[digest]
		if !ok {
			return nil, fmt.Errorf("%w: %s", errMissingCatalog, digest)
		}
		if catalogs[digest], err = decodeCatalog(digest, text); err != nil {
			return nil, err
		}
	}
	return catalogs, nil
}

// resync reads the namespace aside and shows it in the view in one step; readers keep the old view meanwhile.
func (r *ModelRegistry) resync(ctx context.Context) error {
	r.lastResync = time.Now()
	ctx, cancel := context.WithTimeout(ctx, resyncTimeout)
	defer cancel()
	for attempt := 0; ; attempt++ {
		err := r.readAll(ctx)
		var diverged *store.DivergedError
		again := errors.As(err, &diverged) || errors.Is(err, errUnknownKind) || errors.Is(err, errMissingCatalog)
		if err == nil || !again || attempt == 3 {
			return err
		}
	}
}

func (r *ModelRegistry) readAll(ctx context.Context) error {
	asked := time.Now()
	head, err := r.reload(ctx)
	if err != nil {
		return err
	}
	r.feed = r.store.Follow(head, r.checkHead)
	r.fed(asked)
	r.arrived.at(head)
	r.endReplays()
	return nil
}

// reload reads everything and shows it; it returns the position it is of.
func (r *ModelRegistry) reload(ctx context.Context) (Position, error) {
	snapshot, err := r.store.Snapshot(ctx)
	if err != nil {
		return Position{}, err
	}
	if damage := snapshot.Unreadable; damage != nil && !r.options.Observer {
		return Position{}, damage
	} else if damage != nil && r.notices.damaged.begin() {
		r.options.Logger.WithError(damage).Warn("rollcall: what cannot be read is not shown; a replica that lives mends it, or rollcall verify --repair")
	}
	if snapshot.Unreadable == nil {
		r.notices.damaged.end()
	}
	c, known := newContents(snapshot)
	if !known {
		return Position{}, errUnknownKind
	}
	// From here on the view stands still, so that what is carried over from it is all there was.
	r.stand(true)
	defer r.stand(false)
	for _, entry := range snapshot.Entries {
		if entry.All {
			snapshot.Asserted[entry.Replica] = true
		}
	}
	position := r.Position()
	newEpoch := position.Epoch != snapshot.Head.Epoch
	if newEpoch {
		if err := r.owe(position); err != nil {
			return Position{}, err
		}
		if position.Epoch == "" {
			r.health.settling(time.Now().Add(snapshot.Began.Add(r.options.LeaseTTL).Sub(r.clock.Now())))
		}
	}
	r.awaited.carry(r, newEpoch, snapshot.Asserted)
	r.remains.carry(r, c, newEpoch, snapshot.Asserted)
	for id, revision := range snapshot.Evicted {
		r.remains.forget(c, id)
		if r.holdings.evict(id, revision) {
			r.options.Logger.WithField("client", id).Warn(evictedHere)
		}
	}
	r.dropEvicted(snapshot.Entries)
	catalogs, err := r.fetch(ctx, func(yield func(*store.ClientRecord) bool) {
		for _, client := range c {
			if !yield(client.record) {
				return
			}
		}
	})
	if err != nil {
		return Position{}, err
	}
	r.healing.Store(len(r.remains.holders) > 0)
	r.showing.Lock()
	defer r.showing.Unlock() // before the view moves again
	needs := r.pending.needs()
	maps.Copy(needs, catalogs)
	r.pending.show(c, snapshot.Head)
	r.replace(c, needs, snapshot.Head)
	return snapshot.Head, nil
}

// stand keeps own writes from showing themselves, or ends that; the follower will show them.
func (r *ModelRegistry) stand(still bool) {
	r.showing.Lock()
	r.still = still
	r.showing.Unlock()
}
