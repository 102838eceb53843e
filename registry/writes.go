package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/store"
)

// write carries out one change: it returns when Redis has it and the own view shows it. While Redis is away, or other
// writes wait already, the change is shown in the own view and waits, too.
func (r *ModelRegistry) write(ctx context.Context, w *pendingWrite, change func(context.Context) (store.Reply, error)) error {
	if r.closed.Load() {
		return ErrClosed
	}
	if !r.health.connected() || r.replays.Load() != nil || r.waits(w) {
		return r.queue(w, cmp.Or(r.health.down(), r.pending.unanswered()))
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	epoch, unsettled := r.Position().Epoch, r.healing.Load() || r.owing.Load()
	reply, err := change(ctx)
	switch {
	case errors.Is(err, ErrUnavailable):
		w.why = err
		return r.queue(w, err) // whether Redis is away is for the follower to say
	case r.nothing(err):
		return ErrNoNamespace // nobody is about to bring anything
	case r.options.Observer && errors.Is(err, store.ErrUnreadable):
		return err // an observer mends nothing, and nobody else may have noticed
	case errors.Is(err, store.ErrEmpty), errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrAnotherEpoch):
		return r.queue(w, err) // the follower is about to find out, and to mend it
	case errors.Is(err, ErrNotRegistered) && w.key.model != "" &&
		(unsettled || epoch != r.Position().Epoch || r.returning(w.key) || r.leftBehind(ctx, epoch)):
		return r.queue(w, err) // Redis was asked before the client was back
	case err != nil:
		return err
	}
	r.showOwn(reply.Entry, w.needs)
	if err := r.arrived.wait(ctx, reply.Position, r.Position); err != nil {
		if errors.Is(err, ErrClosed) {
			return fmt.Errorf("%w: redis has it, at position %s, and the view does not show it: %w", ErrPending,
				reply.Position, err)
		}
		// Redis has it, and may be about to lose it: nobody may have seen it yet.
		w.at, w.silent = reply.Position, !reply.Changed
		return r.queue(w, err)
	}
	return nil
}

// showOwn shows a change that this replica made, if it is the next one for the view: the feed brings it later. Where
// something is not as usual the follower has to show it.
func (r *ModelRegistry) showOwn(entry *store.Entry, catalogs map[string]*catalog) {
	if entry == nil {
		return
	}
	r.showing.Lock()
	shown := !r.still && r.pending.len() == 0 && r.replays.Load() == nil && !r.healing.Load() && r.follows(*entry, catalogs)
	r.showing.Unlock()
	if shown {
		r.arrived.at(entry.Position)
	}
}

// waits says whether a write has its place behind others, or must not go out before the clients are back that it is about.
func (r *ModelRegistry) waits(w *pendingWrite) bool {
	if w.awaits(r.awaited.has) || (w.key.part == partClient && r.owing.Load()) {
		return true
	}
	return r.pending.len() > 0 && (r.pending.has(w.key.client) || r.pending.next(r.awaited.has) != nil)
}

// returning says whether the client of a pair is one that Redis does not know now and that is about to be brought back:
// after a loss, or after this replica was taken for dead.
func (r *ModelRegistry) returning(key pendingKey) bool {
	if r.supplies(key) {
		return r.healing.Load()
	}
	by := r.Position().Revision // read first: what a view of then had shown, and one of now does not, is gone
	return r.clients.get(key.client) == nil && r.holdings.supplies(key.client, key.model, by)
}

// catchUp waits while this replica's own writes that had waited are in Redis and not in the view yet: what a caller has
// seen includes them.
func (r *ModelRegistry) catchUp(ctx context.Context) {
	if r.pending.len() > 0 {
		return
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	_ = r.reread(ctx) // then it has to do without
}

// reread waits while the view may show, of own writes that had waited, what others have undone since.
func (r *ModelRegistry) reread(ctx context.Context) error {
	replays := r.replays.Load()
	if replays == nil {
		return nil
	}
	select {
	case <-*replays:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leftBehind reports whether Redis has another epoch than the one that the view showed when a write began. The view may
// have moved on since: what it shows now says nothing about what the script met.
func (r *ModelRegistry) leftBehind(ctx context.Context, epoch string) bool {
	head, err := r.store.Head(ctx)
	return err != nil || head.Position.Epoch != epoch
}

// queue shows a write in the own view and lets it wait for Redis.
func (r *ModelRegistry) queue(w *pendingWrite, reason error) error {
	if w.key.model != "" && r.Position() != (Position{}) && !r.supplies(w.key) && !r.returning(w.key) {
		if errors.Is(reason, ErrUnavailable) { // then the view is all there is to go by
			return fmt.Errorf("%w: %w", ErrNotRegistered, reason)
		}
		return ErrNotRegistered
	}
	r.showing.Lock()
	defer r.showing.Unlock()
	if r.closed.Load() { // Close may have counted already what is lost
		return errors.Join(ErrClosed, reason)
	}
	r.pending.add(w, r.clock.Millis())
	r.showNow(w)
	if reason == nil {
		return fmt.Errorf("%w: behind others", ErrPending)
	}
	return fmt.Errorf("%w: %w", ErrPending, reason)
}

// supplies says whether the view knows the client of a pair to supply its model.
func (v *View) supplies(key pendingKey) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key.model == wholeClient {
		return v.known[key.client] != nil
	}
	b := v.books[key.model]
	if b == nil {
		return false
	}
	_, ok := b.suppliers[key.client]
	return ok
}

// CleanupExpiredQuotas removes from Redis the records of marks that are over, and of catalogs that nobody uses. No
// answer changes by it: marks end at their deadline by themselves. It returns how many marks it removed. Errors:
// ErrUnavailable, at once while Redis is known to be away; ErrClosed.
func (r *ModelRegistry) CleanupExpiredQuotas(ctx context.Context) (removed int, err error) {
	if r.closed.Load() {
		return 0, ErrClosed
	}
	if err := r.health.down(); err != nil {
		return 0, fmt.Errorf("clean up: %w", err)
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	if removed, err = r.store.Tidy(ctx); err != nil {
		if errors.Is(err, store.ErrUnreadable) && !r.options.Observer {
			r.heart.setBroken(err) // or it stands in the way the next time, too
		}
		return removed, fmt.Errorf("clean up: %w", err)
	}
	return removed, nil
}

// Sync returns when the view shows everything that any replica had been acknowledged before the call. Errors:
// ErrUnavailable when Redis does not answer or the view cannot be brought up in time, at once while Redis is known to be
// away; ErrClosed.
func (r *ModelRegistry) Sync(ctx context.Context) error {
	if r.closed.Load() {
		return ErrClosed
	}
	if err := r.health.down(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	head, err := r.store.Head(ctx)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if err := r.arrived.wait(ctx, head.Position, r.Position); err != nil {
		return fmt.Errorf("sync: %w: position %s: %w", ErrUnavailable, head.Position, err)
	}
	if err := r.reread(ctx); err != nil {
		return fmt.Errorf("sync: %w: the view is being read anew: %w", ErrUnavailable, err)
	}
	r.expire()
	return nil
}

// WaitFor returns when the view has come to a position. ErrEpoch at once for a position of another epoch than the
// view's; ErrClosed; the context's error when it ends first.
func (r *ModelRegistry) WaitFor(ctx context.Context, position Position) error {
	if position == (Position{}) {
		return nil
	}
	if epoch := r.Position().Epoch; epoch != position.Epoch {
		return fmt.Errorf("wait for %s: %w: the view's is %s", position, ErrEpoch, epoch)
	}
	if err := r.arrived.wait(ctx, position, r.Position); err != nil {
		return fmt.Errorf("wait for %s: %w", position, err)
	}
	return nil
}

// about says in an error what was being done.
func about(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
