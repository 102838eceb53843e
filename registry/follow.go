package registry

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// resyncEvery keeps resyncs apart: one that does not help must not become a load.
const resyncEvery = time.Second

// errUnknownKind: an entry of a newer version came in.
var errUnknownKind = errors.New("entry of an unknown kind")

// follow keeps the view up to date until ctx ends. It is the one probe that looks for Redis while it is away. Only it
// moves the view's position, except that own writes take the step to the change they made.
func (r *ModelRegistry) follow(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := r.step(ctx)
		r.logPolling()
		if err == nil {
			failures = 0
			continue
		}
		r.drainAt = Position{}
		r.doubt(ctx, err)
		failures++
		longest := min(50*time.Millisecond<<min(failures, 4), 250*time.Millisecond)
		pause(ctx, longest/2+rand.N(longest/2))
	}
}

// step takes in what the feed has, and mends what it finds broken.
func (r *ModelRegistry) step(ctx context.Context) error {
	if r.feed == nil { // opened without Redis
		return r.start(ctx)
	}
	if err := r.settleDebts(ctx); err != nil {
		if mendable(err) {
			r.stats.resynced(err)
			return r.recover(ctx)
		}
		return err
	}
	asked := time.Now()
	r.feed.Skip(r.Position()) // own writes show themselves
	entries, err := r.feed.Next(ctx)
	if err == nil {
		if err = r.take(ctx, entries); err != nil {
			// The feed is past entries that the view may lack: they must come again.
			r.feed = r.store.Follow(r.Position(), r.checkHead)
		}
	}
	if errors.Is(err, errReplayed) { // nothing is wrong, so nothing has to wait
		r.stats.resynced(err)
		return r.recover(ctx)
	}
	if err == nil || !mendable(err) {
		return err
	}
	if r.nothing(err) {
		r.fed(asked)
		pause(ctx, resyncEvery)
		return nil
	}
	r.health.outdated()
	r.stats.resynced(err)
	if r.notices.diverged.begin() {
		r.options.Logger.WithField("reason", err.Error()).Warn("rollcall: reading the namespace anew")
	}
	if wait := resyncEvery - time.Since(r.lastResync); wait > 0 {
		pause(ctx, wait)
	}
	pause(ctx, rand.N(20*time.Millisecond)) // replicas that lost the same feed should not all ask in one moment
	return r.recover(ctx)
}

// settleDebts does what an earlier step has left to do.
func (r *ModelRegistry) settleDebts(ctx context.Context) error {
	if r.replays.Load() != nil { // the view is to be read anew, and something came in between
		return errReplayed
	}
	if err := r.heart.takeBroken(); err != nil {
		return err
	}
	if r.owing.Load() {
		if err := r.reassert(ctx); err != nil {
			return err
		}
	}
	if r.heart.takeLapsed() {
		if err := r.rejoin(ctx); err != nil {
			r.heart.setLapsed()
			return err
		}
	}
	return nil
}

// mendable says whether reading everything anew can help.
func mendable(err error) bool {
	var diverged *store.DivergedError
	return errors.As(err, &diverged) || errors.Is(err, store.ErrEmpty) || errors.Is(err, store.ErrBroken) ||
		errors.Is(err, errUnknownKind) || errors.Is(err, errMissingCatalog) || errors.Is(err, errRefused) ||
		errors.Is(err, errReplayed)
}

// take shows entries in the view. None is news, too: the view was up to date when the head was last compared.
func (r *ModelRegistry) take(ctx context.Context, entries []store.Entry) error {
	if len(entries) > 0 {
		catalogs, err := r.fetch(ctx, func(yield func(*store.ClientRecord) bool) {
			for _, entry := range entries {
				if entry.Record != nil && !yield(entry.Record) {
					return
				}
				for _, one := range entry.Asserted {
					if one.Record != nil && !yield(one.Record) {
						return
					}
				}
			}
		})
		if err != nil {
			return err
		}
		r.dropEvicted(entries) // first: what is gone from the view and held here would be taken for a loss
		r.showing.Lock()
		needs := r.pending.needs()
		maps.Copy(needs, catalogs)
		err = r.advance(entries, needs, func(to target) { r.pending.show(to, entries[len(entries)-1].Position) })
		r.showing.Unlock()
		r.awaited.follow(entries)
		r.drop(r.remains.follow(entries))
		r.arrived.at(r.Position())
		if err != nil {
			return err
		}
	}
	r.drop(r.remains.expired())
	r.healing.Store(len(r.remains.holders) > 0)
	head, asked := r.feed.Head()
	if asked != r.headAsked {
		r.headAsked = asked
		r.heard(head)
	}
	r.expire()
	if head.Position.Revision > r.Position().Revision {
		return nil
	}
	if r.pending.len() > 0 {
		// What Redis refuses must be refused by something that the view shows: it may just have come to an old head. Where
		// others write all the time the view is never at a head that was just asked for, so it has to reach that one.
		if !reached(r.Position(), r.drainAt) {
			head, err := r.checkHead(ctx)
			if err != nil {
				return err
			}
			r.drainAt = head.Position
		}
		if !reached(r.Position(), r.drainAt) {
			return nil
		}
		r.drainAt = Position{}
		if err := r.drain(ctx, r.Position()); err != nil {
			return err
		}
	} else {
		r.drainAt = Position{}
	}
	r.fed(asked)
	r.notices.late.end()
	r.notices.diverged.end()
	r.notices.epoch.end()
	return nil
}

// headTimeout limits the follower's question for the head, however long a write may take: until it ends nobody finds out
// that Redis is away.
const headTimeout = time.Second

// checkHead asks for the head of the feed.
func (r *ModelRegistry) checkHead(ctx context.Context) (store.Head, error) {
	ctx, cancel := context.WithTimeout(ctx, min(headTimeout, r.options.OperationTimeout))
	defer cancel()
	return r.store.Head(ctx)
}

// watchClock publishes what time changes, at the moment it changes, until ctx ends.
func (r *ModelRegistry) watchClock(ctx context.Context) {
	for ctx.Err() == nil {
		r.expire()
		timer := time.NewTimer(r.untilSoonest())
		select {
		case <-timer.C:
		case <-r.alarm.ring:
		case <-ctx.Done():
		}
		timer.Stop()
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
