package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// write carries out one change: it returns when Redis has it and the own view shows it.
func (r *ModelRegistry) write(ctx context.Context, change func(context.Context) (store.Reply, error)) error {
	if r.closed.Load() {
		return ErrClosed
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	reply, err := change(ctx)
	if err != nil {
		return err
	}
	if err := r.arrived.wait(ctx, reply.Position, r.Position); err != nil {
		return fmt.Errorf("%w: position %s: %w", ErrPending, reply.Position, err)
	}
	return nil
}

// RegisterClient makes this replica hold a client that can serve models, and sets its provider, lower-cased and
// possibly empty, and its models. Nil models and models without an ID are skipped; without any other the call is
// UnregisterClient. A model that is listed twice counts twice.
//
// The last registration wins when replicas disagree. A client that this replica holds already loses the marks that this
// replica had seen on it, unless Options.KeepMarks is set; one that only others held keeps its marks. Marks for models
// that the client no longer supplies go. Where nothing differs, nothing changes.
//
// At most 1,000 models, of at most 4 MiB as JSON. Errors: ErrInvalid, ErrUnavailable, ErrPending, ErrClosed.
func (r *ModelRegistry) RegisterClient(ctx context.Context, clientID, clientProvider string, models []*ModelInfo) error {
	provider := strings.ToLower(clientProvider)
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	if err := validText("clientProvider", provider, maxProvider); err != nil {
		return err
	}
	if r.options.Observer {
		return invalid("Options.Observer", "is set, so this replica cannot hold client %q", clientID)
	}
	made, count, err := usable(models)
	if err != nil {
		return err
	}
	if count == 0 {
		return r.UnregisterClient(ctx, clientID)
	}
	err = r.write(ctx, func(ctx context.Context) (store.Reply, error) {
		return r.store.Register(ctx, store.Registration{
			Client: clientID, Provider: provider, Catalog: made, Known: r.hasCatalog(made.Digest),
			Keep: r.options.KeepMarks, Seen: r.Position(),
		})
	})
	return about(err, "register client %q", clientID)
}

// UnregisterClient gives up this replica's hold of a client; with the last hold the client goes, its marks with it. A
// client that this replica does not hold stays as it is. Errors: ErrInvalid, ErrUnavailable, ErrPending, ErrClosed.
func (r *ModelRegistry) UnregisterClient(ctx context.Context, clientID string) error {
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	err := r.write(ctx, func(ctx context.Context) (store.Reply, error) { return r.store.Unregister(ctx, clientID, "") })
	return about(err, "unregister client %q", clientID)
}

// SetModelQuotaExceeded marks a client's model as over quota for Options.QuotaWindow from now, by Redis' clock. A mark
// that is there is extended, never shortened. Errors: ErrInvalid, ErrNotRegistered where the client does not supply the
// model, ErrUnavailable, ErrPending, ErrClosed.
func (r *ModelRegistry) SetModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	err := r.write(ctx, func(ctx context.Context) (store.Reply, error) {
		return r.store.SetQuota(ctx, store.Quota{
			Client: clientID, Model: modelID, Window: r.options.QuotaWindow, Longest: r.options.MaxQuotaWindow,
			Source: store.SourceHeuristic,
		})
	})
	return about(err, "mark quota of client %q, model %q", clientID, modelID)
}

// ClearModelQuotaExceeded ends a quota mark that this replica's view shows; one that was set later than what the view
// had seen stays. Without such a mark nothing happens, and Redis is not asked. Errors: ErrInvalid, ErrUnavailable,
// ErrPending, ErrClosed.
func (r *ModelRegistry) ClearModelQuotaExceeded(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, clientID, modelID, "clear quota", r.store.ClearQuota,
		func(m *store.Mark) bool { return m.Quota != nil })
}

// SuspendClientModel takes a client's model out of service until ResumeClientModel. With the reason "quota", in any
// case, the model stays listed as one that is over quota does. Where a suspension stands, its reason stays. The reason
// has at most 1 KiB. Errors: ErrInvalid, ErrNotRegistered where the client does not supply the model, ErrUnavailable,
// ErrPending, ErrClosed.
func (r *ModelRegistry) SuspendClientModel(ctx context.Context, clientID, modelID, reason string) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	if err := validReason(reason); err != nil {
		return err
	}
	err := r.write(ctx, func(ctx context.Context) (store.Reply, error) {
		return r.store.Suspend(ctx, store.Suspension{Client: clientID, Model: modelID, Reason: reason})
	})
	return about(err, "suspend client %q, model %q", clientID, modelID)
}

// ResumeClientModel ends a suspension that this replica's view shows; one that was set later stays. Without one nothing
// happens, and Redis is not asked. Errors: ErrInvalid, ErrUnavailable, ErrPending, ErrClosed.
func (r *ModelRegistry) ResumeClientModel(ctx context.Context, clientID, modelID string) error {
	return r.lift(ctx, clientID, modelID, "resume", r.store.Resume,
		func(m *store.Mark) bool { return m.Suspension != nil })
}

// lift takes a part off a mark that the view shows.
func (r *ModelRegistry) lift(ctx context.Context, clientID, modelID, verb string,
	do func(ctx context.Context, client, model, actor string, seen Position) (store.Reply, error),
	has func(*store.Mark) bool,
) error {
	if err := validPair(clientID, modelID); err != nil {
		return err
	}
	if r.closed.Load() {
		return ErrClosed
	}
	seen := r.Position()
	if mark := r.mark(clientID, modelID); mark == nil || !has(mark) {
		return nil
	}
	err := r.write(ctx, func(ctx context.Context) (store.Reply, error) { return do(ctx, clientID, modelID, "", seen) })
	return about(err, "%s of client %q, model %q", verb, clientID, modelID)
}

// CleanupExpiredQuotas removes from Redis the records of marks that are over, and of catalogs that nobody uses. No
// answer changes by it: marks end at their deadline by themselves. It returns how many marks it removed. Errors:
// ErrUnavailable, ErrClosed.
func (r *ModelRegistry) CleanupExpiredQuotas(ctx context.Context) (removed int, err error) {
	if r.closed.Load() {
		return 0, ErrClosed
	}
	ctx, cancel := r.limit(ctx)
	defer cancel()
	if removed, err = r.store.Tidy(ctx); err != nil {
		return removed, fmt.Errorf("clean up: %w", err)
	}
	return removed, nil
}

// Sync returns when the view shows everything that any replica had been acknowledged before the call. Errors:
// ErrUnavailable when Redis does not answer or the view cannot be brought up in time, ErrClosed.
func (r *ModelRegistry) Sync(ctx context.Context) error {
	if r.closed.Load() {
		return ErrClosed
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

// hasCatalog says whether some client of the view uses a catalog, so that Redis has it, too.
func (v *View) hasCatalog(digest string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.catalogs[digest] != nil
}
