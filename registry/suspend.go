package registry

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// SuspendClientModel takes a client's model out of service until ResumeClientModel: SuspendClientModelUntil without a
// deadline.
func (r *ModelRegistry) SuspendClientModel(ctx context.Context, clientID, modelID, reason string) error {
	return r.SuspendClientModelUntil(ctx, clientID, modelID, reason, time.Time{})
}

// SuspendClientModelUntil takes a client's model, or with "*" the client as a whole, out of service until a moment by
// Redis' clock; the zero time is until ResumeClientModel. With the reason "quota", in any case, the model stays listed as
// one that is over quota does. Where a suspension stands, its reason and deadline stay, unless the new one ends later or
// not at all. One that an actor set gives way to an actor's only, and replaces a program's. The reason has at most 1 KiB.
//
// Errors: ErrInvalid, also for a moment that is over; ErrNotRegistered where the client does not supply the model;
// ErrPending; ErrClosed.
func (r *ModelRegistry) SuspendClientModelUntil(ctx context.Context, clientID, modelID, reason string, until time.Time) error {
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	if err := validReason(reason); err != nil {
		return err
	}
	if err := r.ahead(until); err != nil {
		return err
	}
	suspension := store.Suspension{Client: clientID, Model: modelID, Until: millis(until), Reason: reason, Actor: actor}
	do := func(ctx context.Context) (store.Reply, error) { return r.store.Suspend(ctx, suspension) }
	w := r.pendingSet(pendingKey{client: clientID, model: modelID, part: partSuspension}, "suspend", store.MarkPart{
		Until: suspension.Until, Since: r.clock.Millis(), Setter: r.options.ReplicaID, Actor: actor, Reason: reason,
	})
	w.replay = do
	return about(r.write(ctx, w, do), "suspend client %q, model %q", clientID, modelID)
}
