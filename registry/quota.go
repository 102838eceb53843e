package registry

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// SetModelQuotaExceeded marks a client's model as over quota for Options.QuotaWindow from now, by Redis' clock: nobody
// said how long it lasts. It is SetModelQuotaExceededUntil with SourceHeuristic and nothing else.
func (r *ModelRegistry) SetModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	return r.SetModelQuotaExceededUntil(ctx, clientID, modelID, QuotaLimit{Source: SourceHeuristic})
}

// SetModelQuotaExceededUntil marks a client's model, or with "*" the client as a whole, as over quota until the deadline
// of a limit. Where a mark stands, a stronger source replaces its deadline, an equal one extends it and never shortens
// it, and a weaker one leaves it but is news: a success that began before does not clear it. A mark that an actor set
// ranks as an operator's. Deadlines beyond Options.MaxQuotaWindow are capped to it.
//
// Where an operator cleared the pair within the last 15 minutes and the request that hit the limit had begun before,
// by QuotaLimit.Seen, nothing changes, and the error is nil: what it says is known to be out of date.
//
// Errors: ErrInvalid, also for a deadline that is over by Redis' clock; ErrNotRegistered where the client does not
// supply the model; ErrPending; ErrClosed.
func (r *ModelRegistry) SetModelQuotaExceededUntil(ctx context.Context, clientID, modelID string, limit QuotaLimit) error {
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	limit = limit.sourced(actor)
	if err := limit.validate(); err != nil {
		return err
	}
	if err := r.ahead(limit.Until); err != nil {
		return err
	}
	quota := store.Quota{
		Client: clientID, Model: modelID, Until: millis(limit.Until), Window: r.options.QuotaWindow,
		Longest: r.options.MaxQuotaWindow, Source: string(limit.Source), Reason: limit.Reason, Actor: actor, Seen: limit.Seen,
	}
	if limit.RetryAfter > 0 {
		quota.Window = max(limit.RetryAfter, time.Millisecond)
	}
	now := r.clock.Millis()
	late := quota
	if late.Until == 0 {
		late.Until = now + quota.Window.Milliseconds() // the deadline does not move while the write waits
	}
	late.Until = min(late.Until, now+quota.Longest.Milliseconds())
	w := r.pendingSet(pendingKey{client: clientID, model: modelID, part: partQuota}, "mark quota", store.MarkPart{
		Until: late.Until, Since: now, Source: quota.Source, Setter: r.options.ReplicaID, Actor: actor, Reason: limit.Reason,
	})
	w.replay = func(ctx context.Context) (store.Reply, error) { return r.store.SetQuota(ctx, late) }
	err = r.write(ctx, w, func(ctx context.Context) (store.Reply, error) { return r.store.SetQuota(ctx, quota) })
	return about(err, "mark quota of client %q, model %q", clientID, modelID)
}

// ahead refuses a deadline that is over by Redis' clock; the zero time is none.
func (r *ModelRegistry) ahead(until time.Time) error {
	if now := r.clock.Now(); !until.IsZero() && millis(until) <= now.UnixMilli() {
		return invalid("until", "is %s, must be later than now, which is %s by Redis' clock",
			until.UTC().Format(time.RFC3339Nano), now.UTC().Format(time.RFC3339Nano))
	}
	return nil
}

// farthest is the last moment that a deadline can name.
var farthest = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// millis is a deadline as Redis has it; 0 for none.
func millis(until time.Time) int64 {
	switch {
	case until.IsZero():
		return 0
	case until.After(farthest):
		return farthest.UnixMilli()
	}
	return until.UnixMilli()
}
