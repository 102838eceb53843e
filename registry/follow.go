package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// resyncEvery keeps resyncs apart: one that does not help must not become a load.
const resyncEvery = time.Second

// resyncTimeout is enough to read a large namespace.
const resyncTimeout = 20 * time.Second

// errUnknownKind: an entry of a newer version came in.
var errUnknownKind = errors.New("entry of an unknown kind")

// follow keeps the view up to date until ctx ends. It is the one probe that looks for Redis while it is away. Only it
// moves the view's position, except that own writes take the step to the change they made.
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
		r.failed(err)
		failures++
		longest := min(50*time.Millisecond<<min(failures, 4), 500*time.Millisecond)
		pause(ctx, longest/2+rand.N(longest/2))
	}
}

// failed takes note that Redis could not be asked.
func (r *ModelRegistry) failed(err error) {
	if r.health.failed(err) {
		r.options.Logger.WithError(err).Warn("rollcall: redis is away; reads go on from the view, writes wait")
	}
}

// step takes in what the feed has, and mends what it finds broken.
func (r *ModelRegistry) step(ctx context.Context) error {
	if r.feed == nil { // opened without Redis
		return r.start(ctx)
	}
	if err := r.settleDebts(ctx); err != nil {
		if mendable(err) {
			return r.recover(ctx, err)
		}
		return err
	}
	r.feed.Skip(r.Position()) // own writes show themselves
	entries, err := r.feed.Next(ctx)
	if err == nil {
		if err = r.take(ctx, entries); err != nil {
			// The feed is past entries that the view may lack: they must come again.
			r.feed = r.store.Follow(r.Position(), r.checkHead)
		}
	}
	if errors.Is(err, errReplayed) { // nothing is wrong, so nothing has to wait
		return r.recover(ctx, err)
	}
	if err == nil || !mendable(err) {
		return err
	}
	r.health.diverged()
	r.options.Logger.WithField("reason", err.Error()).Warn("rollcall: reading the namespace anew")
	if wait := resyncEvery - time.Since(r.lastResync); wait > 0 {
		pause(ctx, wait)
	}
	pause(ctx, rand.N(20*time.Millisecond)) // replicas that lost the same feed should not all ask in one moment
	return r.recover(ctx, err)
}

// settleDebts does what an earlier step has left to do.
func (r *ModelRegistry) settleDebts(ctx context.Context) error {
	if r.replays.Load() != nil { // the view is to be read anew, and something came in between
		return errReplayed
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

// recover brings view and Redis together: at the start, and after their histories parted for a reason.
func (r *ModelRegistry) recover(ctx context.Context, reason error) error {
	if !r.options.Observer {
		if err := r.begin(ctx, reason); err != nil {
			return err
		}
	}
	err := r.resync(ctx)
	if errors.Is(err, store.ErrEmpty) && r.options.Observer {
		r.feed = r.store.Follow(Position{}, r.checkHead)
		return nil
	}
	if err != nil {
		return err
	}
	if r.owing.Load() {
		return r.reassert(ctx)
	}
	return nil
}

// begin joins the history in Redis. Where that is none, or damaged, or went back behind what this view has seen, it
// begins a new epoch first; a replica that finds a new one already joins that.
func (r *ModelRegistry) begin(ctx context.Context, reason error) error {
	for range 10 {
		seen := r.Position() // before Redis is asked: own writes move it
		found, err := r.store.Trace(ctx)
		if err != nil {
			return err
		}
		kept := true
		if found.Epoch == seen.Epoch && seen != (Position{}) {
			if kept, err = r.store.Keeps(ctx, found, seen); err != nil {
				return err
			}
		}
		err = r.join(ctx)
		switch {
		case err == nil && kept:
			return nil
		case err != nil && !errors.Is(err, store.ErrEmpty) && !errors.Is(err, store.ErrBroken):
			return err
		case err != nil:
			reason = err
		case reason == nil:
			reason = errWentBack
		}
		limited, cancel := r.limit(ctx)
		began, err := r.store.Begin(limited, found, r.Position(), reason.Error())
		cancel()
		if err != nil {
			return err
		}
		if began && found == (Position{}) && r.Position() == (Position{}) {
			r.options.Logger.Debug("rollcall: the namespace is new")
		} else if began {
			r.options.Logger.WithField("reason", reason.Error()).
				Info("rollcall: a new epoch begins; every replica brings its clients")
		}
	}
	return fmt.Errorf("begin an epoch: %w: the history changes under every try", ErrUnavailable)
}

// errWentBack: Redis has lost changes that the view shows.
var errWentBack = errors.New("history went back")

// owe takes note, before the view shows a new epoch, of what this replica has to bring there: once it does, marks that
// nobody else knew are gone from it where others have brought the client already.
func (r *ModelRegistry) owe(left Position) error {
	if left.Epoch == "" || r.options.Observer {
		return nil
	}
	owed, err := r.holdings.assertions(r.View)
	if err != nil {
		return err
	}
	before := r.owed // of the epoch before, where it was not brought
	r.left, r.owed = left, make(map[string]store.Assertion, len(owed))
	for _, one := range owed {
		marks := maps.Clone(before[one.Client].Marks)
		if marks == nil {
			marks = one.Marks
		} else {
			maps.Copy(marks, one.Marks)
		}
		one.Marks = marks
		r.owed[one.Client] = one
	}
	r.owing.Store(true)
	return nil
}

// reassert brings this replica's clients, with the marks that its view knew, into a new history.
func (r *ModelRegistry) reassert(ctx context.Context) error {
	assertions, err := r.holdings.assertions(r.View) // of clients that came since, as they are now
	if err != nil {
		return err
	}
	for i, one := range assertions {
		if owed, ok := r.owed[one.Client]; ok {
			assertions[i] = owed
		}
	}
	if err := r.assert(ctx, assertions, r.left); err != nil {
		return err
	}
	r.owed = nil
	r.owing.Store(false)
	return nil
}

// rejoin brings this replica back after the others took it for dead. The marks of its clients wait in Redis.
func (r *ModelRegistry) rejoin(ctx context.Context) error {
	r.options.Logger.Warn("rollcall: the lease was over, as after a long pause; joining again")
	if err := r.join(ctx); err != nil {
		return err
	}
	assertions, err := r.holdings.assertions(r.View)
	if err != nil {
		return err
	}
	return r.assert(ctx, assertions, Position{})
}

// assertTimeout is enough for thousands of clients.
const assertTimeout = 10 * time.Second

func (r *ModelRegistry) assert(ctx context.Context, assertions []store.Assertion, view Position) error {
	ctx, cancel := context.WithTimeout(ctx, assertTimeout)
	defer cancel()
	if err := r.store.Assert(ctx, assertions, view); err != nil {
		return fmt.Errorf("bring back %d clients: %w", len(assertions), err)
	}
	for _, a := range assertions {
		if err := r.takeBack(ctx, a.Client); err != nil {
			return err
		}
	}
	return nil
}

// takeBack gives up a client that was unregistered while it was being brought back, unless that waits its turn.
func (r *ModelRegistry) takeBack(ctx context.Context, client string) error {
	if r.holdings.has(client) || r.pending.registers(client) {
		return nil
	}
	unlock := r.holdings.lock(client)
	defer unlock()
	if r.holdings.has(client) || r.pending.registers(client) {
		return nil
	}
	_, err := r.store.Unregister(ctx, client, "", Position{})
	return err
}

// drain replays the writes that waited, in order, until one cannot reach Redis. Those that wait for other replicas stay.
func (r *ModelRegistry) drain(ctx context.Context) error {
	refused, replayed := false, false
	for w := r.pending.next(r.awaited.has); w != nil; w = r.pending.next(r.awaited.has) {
		limited, cancel := r.limit(ctx)
		if r.replays.Load() == nil {
			r.replays.Store(new(make(chan struct{})))
		}
		_, err := w.replay(limited)
		cancel()
		if errors.Is(err, ErrUnavailable) || (err != nil && mendable(err)) {
			return err
		}
		if errors.Is(err, ErrNotRegistered) && r.remains.has(w.key.client) {
			return nil // it has to wait until the client's holder has brought it back
		}
		if errors.Is(err, ErrNotRegistered) && w.key.part != partClient && r.returning(w.key) {
			r.heart.setLapsed() // this replica is the holder, and was taken for dead
			return nil
		}
		r.pending.done(w)
		replayed = true
		if err != nil {
			refused = true
			r.health.refusedOne()
			r.options.Logger.WithError(err).WithField("write", w.what).Error("rollcall: a write that waited was refused")
		}
	}
	if refused { // the view shows it: read what is true
		return errRefused
	}
	if replayed {
		return errReplayed
	}
	return nil
}

// errRefused: the view shows a write that Redis refused.
var errRefused = errors.New("a write that waited was refused")

// errReplayed: writes that the view showed on trust are in Redis now, but perhaps not all of what they showed: where
// something newer stood, no entry tells the view.
var errReplayed = errors.New("writes that waited were replayed")

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
		r.showing.Lock()
		needs := r.pending.needs()
		maps.Copy(needs, catalogs)
		err = r.advance(entries, needs, r.pending.show)
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
		// What Redis refuses must be refused by something that the view shows: it may just have come to an old head.
		head, err := r.checkHead(ctx)
		if err != nil {
			return err
		}
		if head.Position != r.Position() {
			return nil
		}
		if err := r.drain(ctx); err != nil {
			return err
		}
	}
	if r.health.current(asked) {
		r.options.Logger.Info("rollcall: redis is back; the view is fed again")
	}
	return nil
}

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
	r.health.current(asked)
	r.arrived.at(head)
	if done := r.replays.Swap(nil); done != nil {
		close(*done)
	}
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
	r.pending.show(c)
	r.replace(c, needs, snapshot.Head)
	return snapshot.Head, nil
}

// stand keeps own writes from showing themselves, or ends that; the follower will show them.
func (r *ModelRegistry) stand(still bool) {
	r.showing.Lock()
	r.still = still
	r.showing.Unlock()
}

// checkHead compares with the head of the feed.
func (r *ModelRegistry) checkHead(ctx context.Context) (store.Head, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
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
