package registry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// resyncEvery keeps resyncs apart: one that does not help must not become a load.
const resyncEvery = time.Second

// errUnknownKind: an entry of a newer version came in.
var errUnknownKind = errors.New("entry of an unknown kind")

// follow keeps the view up to date until ctx ends. It is the only goroutine that moves the view's position.
func (r *ModelRegistry) follow(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := r.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			continue
		}
		if r.health.failed(err) {
			r.options.Logger.WithError(err).Warn("rollcall: the view is no longer fed; reads go on from it")
		}
		failures++
		pause(ctx, min(50*time.Millisecond<<min(failures, 5), time.Second))
	}
}

// step takes in what the feed has, and mends what it finds broken.
func (r *ModelRegistry) step(ctx context.Context) error {
	entries, err := r.feed.Next(ctx)
	if err == nil {
		err = r.take(ctx, entries)
	}
	var diverged *store.DivergedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &diverged), errors.Is(err, errUnknownKind), errors.Is(err, errMissingCatalog):
	case (errors.Is(err, store.ErrEmpty) || errors.Is(err, store.ErrBroken)) && !r.options.Observer:
	default:
		return err
	}
	r.health.diverged()
	r.options.Logger.WithField("reason", err.Error()).Warn("rollcall: reading the namespace anew")
	if wait := resyncEvery - time.Since(r.lastResync); wait > 0 {
		pause(ctx, wait)
	}
	pause(ctx, rand.N(20*time.Millisecond)) // replicas that lost the same feed should not all ask in one moment
	return r.recover(ctx)
}

// recover brings view and Redis together again after their histories parted.
func (r *ModelRegistry) recover(ctx context.Context) error {
	held := r.holds(r.options.ReplicaID)
	epoch := r.Position().Epoch
	if !r.options.Observer {
		if err := r.join(ctx); err != nil {
			return err
		}
	}
	if err := r.resync(ctx); err != nil {
		return err
	}
	if r.options.Observer || r.Position().Epoch == epoch {
		return nil
	}
	return r.reassert(ctx, held)
}

// reassert brings clients that this replica holds into a history that may not know them.
func (r *ModelRegistry) reassert(ctx context.Context, held []*definition) error {
	for _, d := range held {
		infos := make([]*ModelInfo, 0, len(d.catalog.models))
		for _, model := range d.catalog.models {
			for range model.copies {
				infos = append(infos, model.info)
			}
		}
		made, err := encodeCatalog(infos)
		if err != nil {
			return err
		}
		limited, cancel := r.limit(ctx)
		_, err = r.store.Register(limited, store.Registration{
			Client: d.client, Provider: d.provider, Catalog: made, Known: true, Keep: true, Asserted: d.registeredAt,
		})
		cancel()
		if err != nil {
			return fmt.Errorf("re-assert client %q: %w", d.client, err)
		}
	}
	return nil
}

// take shows entries in the view. None is news, too: the view was up to date when the head was last compared.
func (r *ModelRegistry) take(ctx context.Context, entries []store.Entry) error {
	if len(entries) > 0 {
		catalogs, err := r.fetch(ctx, func(yield func(*store.ClientRecord) bool) {
			for _, entry := range entries {
				if entry.Record != nil && !yield(entry.Record) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
		known := r.advance(entries, catalogs)
		r.arrived.at(r.Position())
		if !known {
			return errUnknownKind
		}
		for _, entry := range entries {
			if entry.Kind == store.KindReleased && entry.Holder == r.options.ReplicaID && !r.closed.Load() {
				r.options.Logger.Warn("rollcall: the others took this replica for dead and gave up its clients")
			}
		}
	}
	head, asked := r.feed.Head()
	if head.Position.Revision <= r.Position().Revision {
		if r.health.current(asked) {
			r.options.Logger.Info("rollcall: the view is fed again")
		}
	}
	r.health.replicas(head.Replicas)
	r.expire()
	return nil
}

// errMissingCatalog: a catalog that a record refers to is not in Redis.
var errMissingCatalog = errors.New("catalog is missing in redis")

// fetch brings the catalogs of records that the view does not have.
func (r *ModelRegistry) fetch(ctx context.Context, records func(yield func(*store.ClientRecord) bool)) (map[string]*catalog, error) {
	digests := r.missing(records)
	if len(digests) == 0 {
		return nil, nil
	}
	texts, err := r.store.Catalogs(ctx, digests)
	if err != nil {
		return nil, err
	}
	catalogs := make(map[string]*catalog, len(digests))
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
	r.health.current(asked)
	r.arrived.at(head)
	return nil
}

// reload reads everything and shows it; it returns the position it is of.
func (r *ModelRegistry) reload(ctx context.Context) (Position, error) {
	snapshot, err := r.store.Snapshot(ctx)
	if err != nil {
		return Position{}, err
	}
	c, known := newContents(snapshot)
	if !known {
		return Position{}, errUnknownKind
	}
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
	r.replace(c, catalogs, snapshot.Head)
	return snapshot.Head, nil
}

// checkHead compares with the head of the feed; where a heartbeat is due, it is one.
func (r *ModelRegistry) checkHead(ctx context.Context) (store.Head, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	if r.options.Observer || r.closed.Load() || time.Since(r.lastHeartbeat) < r.options.LeaseTTL/3 {
		return r.store.Head(ctx)
	}
	head, joined, err := r.store.Heartbeat(ctx, r.options.LeaseTTL)
	if err != nil {
		return head, err
	}
	r.lastHeartbeat = time.Now()
	if joined {
		return head, nil
	}
	if err := r.join(ctx); err != nil {
		return head, err
	}
	return r.store.Head(ctx)
}

// watchClock publishes what time changes, at the moment it changes, until ctx ends.
func (r *ModelRegistry) watchClock(ctx context.Context) {
	for ctx.Err() == nil {
		r.expire()
		wait := time.Second
		if until := r.listing.Load().until; until != 0 {
			wait = min(wait, time.Duration(max(0, until-r.clock.Millis()))*time.Millisecond+time.Millisecond)
		}
		pause(ctx, wait)
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
