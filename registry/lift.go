package registry

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/store"
)

// ClearModelQuotaExceeded ends a quota mark that this replica's view shows; one that was set later than what the view
// had seen stays, and so does one that an actor set. Without such a mark nothing happens, and Redis is not asked.
//
// With an actor (WithActor) it always goes to Redis, ends whatever mark is there, an actor's too, and leaves a fence:
// for 15 minutes a quota mark of a request that had begun before is refused, see QuotaLimit.Seen.
//
// "*" is the client as a whole, which is a mark of its own: marks on single models stay. Errors: ErrInvalid, ErrPending,
// ErrClosed.
func (r *ModelRegistry) ClearModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, lifting{client: clientID, model: modelID, part: partQuota})
}

// ClearModelQuotaExceededAsOf is ClearModelQuotaExceeded for what was set up to a position, which the caller took when
// the request began that now succeeded: a newer mark stays, and one that still waits for Redis is newer. With an
// actor, too, it goes no further. A position of another epoch, or the zero one, ends nothing, and Redis is not asked.
func (r *ModelRegistry) ClearModelQuotaExceededAsOf(ctx context.Context, clientID, modelID string, seen Position) error {
	return r.lift(ctx, lifting{client: clientID, model: modelID, part: partQuota, asOf: true, seen: seen})
}

// ResumeClientModel ends a suspension that this replica's view shows; one that was set later stays, and so does one that
// an actor set. With an actor and with "*" it does what ClearModelQuotaExceeded does there; it leaves the same fence.
// Errors: ErrInvalid, ErrPending, ErrClosed.
func (r *ModelRegistry) ResumeClientModel(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, lifting{client: clientID, model: modelID, part: partSuspension})
}

// ResumeClientModelAsOf is ResumeClientModel for what was set up to a position; see ClearModelQuotaExceededAsOf.
func (r *ModelRegistry) ResumeClientModelAsOf(ctx context.Context, clientID, modelID string, seen Position) error {
	return r.lift(ctx, lifting{client: clientID, model: modelID, part: partSuspension, asOf: true, seen: seen})
}

// lifting asks for the end of one half of a mark.
type lifting struct {
	client, model, part, actor string
	asOf                       bool     // what is newer than seen stays, whoever asks
	seen                       Position // where the view stood
}

func (l lifting) what() string {
	if l.part == partQuota {
		return "clear quota"
	}
	return "resume"
}

// takes says whether what a view shows ends.
func (l lifting) takes(half *store.MarkPart) bool {
	switch {
	case half == nil, half.Actor != "" && l.actor == "":
		return false
	case l.asOf:
		return half.Revision != 0 && half.Revision <= l.seen.Revision
	}
	return true
}

// lift carries a lifting out.
func (r *ModelRegistry) lift(ctx context.Context, l lifting) (err error) {
	if l.actor, err = actorOf(ctx); err != nil {
		return err
	}
	if err := validPair(l.client, l.model); err != nil {
		return err
	}
	if r.closed.Load() {
		return ErrClosed
	}
	r.catchUp(ctx)
	view := r.Position()
	if !l.asOf {
		l.seen = view
	} else if l.seen.Epoch != view.Epoch || l.seen == (Position{}) {
		return nil
	}
	shown := func() (p store.MarkPart) {
		if mark := r.mark(l.client, l.model); mark != nil && *partOf(mark, l.part) != nil {
			p = **partOf(mark, l.part)
		}
		return p
	}
	before := shown()
	// A position may be another replica's, ahead of this view: then only Redis knows.
	if l.actor == "" && l.seen.Revision <= view.Revision {
		if before == (store.MarkPart{}) || !l.takes(&before) {
			return nil
		}
		if before.Revision != 0 {
			// No further: after a loss another replica may yet bring a mark from before that this one never saw.
			l.seen.Revision = before.Revision
		}
	}
	changed := false
	do := func(ctx context.Context) (reply store.Reply, err error) {
		if l.actor == "" && !l.asOf && before.Revision == 0 { // shown on trust: Redis may have it since, above what the view has seen
			reply, err = r.sendLate(ctx, l)
		} else {
			reply, err = r.send(ctx, l)
		}
		changed = reply.Changed
		return reply, err
	}
	w := r.pendingMark(pendingKey{l.client, l.model, l.part, true, l.actor != ""}, l.what(), func(half **store.MarkPart) {
		if l.takes(*half) {
			*half = nil
		}
	})
	w.lifts, w.all = true, !l.asOf
	w.replay = func(ctx context.Context) (store.Reply, error) {
		if l.asOf {
			return r.send(ctx, l)
		}
		return r.sendLate(ctx, l)
	}
	err = r.write(ctx, w, do)
	if err == nil && !changed && !l.asOf && before != (store.MarkPart{}) && shown() == before {
		// Redis does not have the mark, and somebody is about to bring it back.
		err = r.queue(w, store.ErrEmpty)
	}
	if errors.Is(err, ErrNotRegistered) { // there is nothing to end
		return nil
	}
	return about(err, "%s of client %q, model %q", l.what(), l.client, l.model)
}

// send has Redis end what was set up to what was seen, or for an actor whatever is there.
func (r *ModelRegistry) send(ctx context.Context, l lifting) (store.Reply, error) {
	if l.actor != "" && !l.asOf {
		l.seen = Position{}
	}
	if l.part == partSuspension {
		return r.store.Resume(ctx, l.client, l.model, l.actor, l.seen)
	}
	return r.store.ClearQuota(ctx, l.client, l.model, l.actor, l.seen)
}

// sendLate does so after the lifting waited.
func (r *ModelRegistry) sendLate(ctx context.Context, l lifting) (store.Reply, error) {
	return r.store.LiftLate(ctx, l.part == partSuspension, l.client, l.model, l.actor, l.seen)
}
