package registry

import (
	"context"
	"errors"
)

// drain replays the writes that waited, in order, until one cannot reach Redis. Those that wait for other replicas stay.
// history is what Redis has, and the view: what is in it already is not carried out twice.
func (r *ModelRegistry) drain(ctx context.Context, history Position) error {
	refused, replayed := false, false
	for w := r.pending.next(r.awaited.has); w != nil; w = r.pending.next(r.awaited.has) {
		if w.isIn(history) && !w.silent {
			r.pending.done(w) // the entry that told of it has corrected what was shown on trust
			continue
		}
		if r.replays.Load() == nil {
			r.replays.Store(new(make(chan struct{})))
		}
		err := r.replay(ctx, w, history)
		if errors.Is(err, ErrUnavailable) || errors.Is(err, ErrClosed) || (err != nil && mendable(err)) {
			if !replayed { // the view still shows all of them on top of what Redis has
				r.endReplays()
			}
			return err
		}
		if errors.Is(err, ErrNotRegistered) && r.remains.has(w.key.client) {
			return r.postpone(replayed) // until the client's holder has brought it back
		}
		if errors.Is(err, ErrNotRegistered) && w.key.model != "" && r.returning(w.key) {
			r.heart.setLapsed() // this replica is the holder, and was taken for dead
			return r.postpone(replayed)
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

// postpone ends a drain before a write that Redis refused and that goes on waiting. Where nothing else was replayed the
// view need not be read anew; it would be again and again, without a pause, as long as the write waits.
func (r *ModelRegistry) postpone(replayed bool) error {
	if replayed {
		return errReplayed
	}
	r.endReplays()
	return nil
}

// endReplays records that the view shows what came of the replays, and wakes those who wait for that.
func (r *ModelRegistry) endReplays() {
	if done := r.replays.Swap(nil); done != nil {
		close(*done)
	}
}

// replay carries out one write, unless Redis has it.
func (r *ModelRegistry) replay(ctx context.Context, w *pendingWrite, history Position) error {
	if w.isIn(history) {
		return nil
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	_, err := w.replay(ctx)
	return err
}

// errRefused: the view shows a write that Redis refused.
var errRefused = errors.New("a write that waited was refused")

// errReplayed: writes that the view showed on trust are in Redis now, but perhaps not all of what they showed: where
// something newer stood, no entry tells the view.
var errReplayed = errors.New("writes that waited were replayed")
