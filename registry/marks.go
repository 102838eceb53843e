package registry

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/store"
)

// SetModelQuotaExceeded marks a client's model as over quota for Options.QuotaWindow from now, by Redis' clock. A mark
// that is there is extended, never shortened. Errors: ErrInvalid, ErrNotRegistered where the client does not supply the
// model, ErrPending, ErrClosed.
func (r *ModelRegistry) SetModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	quota := store.Quota{
		Client: clientID, Model: modelID, Window: r.options.QuotaWindow, Longest: r.options.MaxQuotaWindow,
		Source: store.SourceHeuristic,
	}
	now := r.clock.Millis()
	stated := quota
	stated.Until = now + r.options.QuotaWindow.Milliseconds() // the deadline does not move while the write waits
	part := &store.MarkPart{Until: stated.Until, Since: now, Source: quota.Source, Setter: r.options.ReplicaID}
	w := r.pendingMark(clientID, modelID, partQuota, "mark quota", func(m *store.Mark) { m.Quota = part })
	w.replay = func(ctx context.Context) (store.Reply, error) {
		if stated.Until <= r.clock.Millis() {
			return store.Reply{}, nil
		}
		return r.store.SetQuota(ctx, stated)
	}
	err := r.write(ctx, w, func(ctx context.Context) (store.Reply, error) { return r.store.SetQuota(ctx, quota) })
	return about(err, "mark quota of client %q, model %q", clientID, modelID)
}

// pendingMark is a write that changes one part of a mark; replay is left to the caller.
func (r *ModelRegistry) pendingMark(client, model, part, what string, change func(*store.Mark)) *pendingWrite {
	return &pendingWrite{
		key:  pendingKey{client, model, part},
		what: fmt.Sprintf("%s of client %q, model %q", what, client, model),
		show: func(to target) {
			next := store.Mark{}
			if old := running(to.markOf(client, model), r.clock.Millis()); old != nil {
				next = store.Mark{Quota: old.Quota, Suspension: old.Suspension}
			}
			change(&next)
			if next.Quota == nil && next.Suspension == nil {
				to.setMark(client, model, nil)
				return
			}
			to.setMark(client, model, &next)
		},
	}
}

// ClearModelQuotaExceeded ends a quota mark that this replica's view shows; one that was set later than what the view
// had seen stays. Without such a mark nothing happens, and Redis is not asked. Errors: ErrInvalid, ErrPending,
// ErrClosed.
func (r *ModelRegistry) ClearModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, clientID, modelID, partQuota, "clear quota", r.store.ClearQuota,
		func(m *store.Mark) **store.MarkPart { return &m.Quota })
}

// SuspendClientModel takes a client's model out of service until ResumeClientModel. With the reason "quota", in any
// case, the model stays listed as one that is over quota does. Where a suspension stands, its reason stays. The reason
// has at most 1 KiB. Errors: ErrInvalid, ErrNotRegistered where the client does not supply the model, ErrPending,
// ErrClosed.
func (r *ModelRegistry) SuspendClientModel(ctx context.Context, clientID, modelID, reason string) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	if err := validReason(reason); err != nil {
		return err
	}
	do := func(ctx context.Context) (store.Reply, error) {
		return r.store.Suspend(ctx, store.Suspension{Client: clientID, Model: modelID, Reason: reason})
	}
	part := &store.MarkPart{Since: r.clock.Millis(), Setter: r.options.ReplicaID, Reason: reason}
	w := r.pendingMark(clientID, modelID, partSuspension, "suspend", func(m *store.Mark) {
		if m.Suspension == nil {
			m.Suspension = part
		}
	})
	w.replay = do
	return about(r.write(ctx, w, do), "suspend client %q, model %q", clientID, modelID)
}

// ResumeClientModel ends a suspension that this replica's view shows; one that was set later stays. Without one nothing
// happens, and Redis is not asked. Errors: ErrInvalid, ErrPending, ErrClosed.
func (r *ModelRegistry) ResumeClientModel(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, clientID, modelID, partSuspension, "resume", r.store.Resume,
		func(m *store.Mark) **store.MarkPart { return &m.Suspension })
}

// lift takes a part off a mark that the view shows.
func (r *ModelRegistry) lift(ctx context.Context, clientID, modelID, part, verb string,
	lift func(ctx context.Context, client, model, actor string, seen Position) (store.Reply, error),
	partOf func(*store.Mark) **store.MarkPart,
) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	if r.closed.Load() {
		return ErrClosed
	}
	r.catchUp(ctx)
	seen := r.Position()
	shown := func() (p store.MarkPart) {
		if mark := r.mark(clientID, modelID); mark != nil && *partOf(mark) != nil {
			p = **partOf(mark)
		}
		return p
	}
	before := shown()
	if before == (store.MarkPart{}) {
		return nil
	}
	if before.Revision != 0 {
		// No further: after a loss another replica may yet bring a mark from before that this one never saw.
		seen.Revision = before.Revision
	}
	changed := false
	do := func(ctx context.Context) (reply store.Reply, err error) {
		if before.Revision == 0 { // shown on trust: Redis may have it since, above what the view has seen
			reply, err = r.store.LiftLate(ctx, part == partSuspension, clientID, modelID, "", seen)
		} else {
			reply, err = lift(ctx, clientID, modelID, "", seen)
		}
		changed = reply.Changed
		return reply, err
	}
	w := r.pendingMark(clientID, modelID, part, verb, func(m *store.Mark) { *partOf(m) = nil })
	w.lifts = true
	w.replay = func(ctx context.Context) (store.Reply, error) {
		return r.store.LiftLate(ctx, part == partSuspension, clientID, modelID, "", seen)
	}
	err := r.write(ctx, w, do)
	if err == nil && !changed && before.Actor == "" && shown() == before {
		// Redis does not have the mark, and somebody is about to bring it back.
		err = r.queue(w, store.ErrEmpty)
	}
	return about(err, "%s of client %q, model %q", verb, clientID, modelID)
}
