package registry

import (
	"context"
	"time"
)

// Stand-ins for what is being written beside this; deleted when it is there.

func WithActor(ctx context.Context, _ string) context.Context { return ctx }

func (r *ModelRegistry) EvictClient(ctx context.Context, id string) error {
	return r.UnregisterClient(ctx, id)
}

func (r *ModelRegistry) ReleaseClient(ctx context.Context, id string) error {
	return r.UnregisterClient(ctx, id)
}

func (r *ModelRegistry) SetModelQuotaExceededUntil(ctx context.Context, client, model string, l QuotaLimit) error {
	if err := l.validate(); err != nil {
		return err
	}
	return r.SetModelQuotaExceeded(ctx, client, model)
}

func (r *ModelRegistry) ClearModelQuotaExceededAsOf(ctx context.Context, client, model string, _ Position) error {
	return r.ClearModelQuotaExceeded(ctx, client, model)
}

func (r *ModelRegistry) SuspendClientModelUntil(ctx context.Context, client, model, reason string, _ time.Time) error {
	return r.SuspendClientModel(ctx, client, model, reason)
}

func (r *ModelRegistry) ResumeClientModelAsOf(ctx context.Context, client, model string, _ Position) error {
	return r.ResumeClientModel(ctx, client, model)
}

// Watcher stands in.
type Watcher struct{ c chan Event }

func (r *ModelRegistry) Watch(context.Context) *Watcher {
	w := &Watcher{make(chan Event, 1000)}
	for _, c := range r.Clients() {
		w.c <- Event{Kind: EventClient, Position: r.Position(), ClientID: c.ClientID, Provider: c.Provider, Models: r.GetModelsForClient(c.ClientID)}
	}
	w.c <- Event{Kind: EventSynced, Position: r.Position()}
	return w
}

func (w *Watcher) C() <-chan Event { return w.c }
func (w *Watcher) Err() error      { return nil }
func (w *Watcher) Close()          {}
