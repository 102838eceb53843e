package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

// observer is a source that looks at a Redis itself: it follows the registry as a replica does, and holds nothing.
type observer struct {
	*registry.ModelRegistry
	actor     string // of writes
	namespace string
	log       logrus.FieldLogger
	warned    bool // of what stands here
}

func openObserver(ctx context.Context, settings *config.Config, actor string, log logrus.FieldLogger) (*observer, error) {
	tlsConfig, err := settings.TLS()
	if err != nil {
		return nil, err
	}
	r, err := registry.Open(ctx, settings.RedisURL, registry.Options{
		Namespace: settings.Namespace, Observer: true, OperationTimeout: settings.OperationTimeout,
		MaxQuotaWindow: settings.MaxQuotaWindow, QuotaWindow: settings.QuotaWindow, TLS: tlsConfig, Logger: log,
	})
	if err != nil {
		return nil, located(settings, err)
	}
	return &observer{ModelRegistry: r, actor: actor, namespace: settings.Namespace, log: log}, nil
}

// absent is what to say where nobody has begun the namespace; "" where somebody has, or where it is not known.
func (o *observer) absent() string {
	if o.Position() != (registry.Position{}) || !o.Health().Connected {
		return ""
	}
	return noNamespace(o.namespace)
}

func noNamespace(name string) string {
	return fmt.Sprintf("there is no namespace %q; see rollcall namespace list", name)
}

// warn tells, once, an empty answer of a namespace that is not there from one of a namespace in which there is nothing, and
// what stands in one only because nobody lives who would take it away.
func (o *observer) warn(ctx context.Context) {
	if o.warned {
		return
	}
	text := o.absent()
	if text == "" {
		text = o.deserted(ctx)
	}
	if text != "" {
		o.warned = true
		o.log.Warn(text)
	}
}

// deserted is what to say where clients are shown and no replica lives; "" otherwise, or where it is not known.
func (o *observer) deserted(ctx context.Context) string {
	if len(o.ModelRegistry.Clients()) == 0 {
		return ""
	}
	replicas, err := o.ModelRegistry.Replicas(ctx)
	if err != nil {
		return ""
	}
	var ended time.Time // the last of them
	for _, one := range replicas {
		if one.Live {
			return ""
		}
		if one.LeaseUntil.After(ended) {
			ended = one.LeaseUntil
		}
	}
	held := "replicas that ended"
	if !ended.IsZero() {
		held += ", the last at " + moment(ended).text
	}
	return "no replica lives: what stands here was held by " + held + "; start a daemon, which gives it up"
}

// Models implements source.
func (o *observer) Models(ctx context.Context) ([]registry.ModelStatus, error) {
	o.warn(ctx)
	return o.ModelRegistry.Models(), nil
}

// Model implements source.
func (o *observer) Model(ctx context.Context, modelID string) (modelState, error) {
	o.warn(ctx)
	status := o.ModelStatus(modelID)
	if status.Clients == 0 {
		return modelState{}, registry.ErrNotRegistered
	}
	return modelState{status, o.GetModelInfo(modelID)}, nil
}

// Clients implements source.
func (o *observer) Clients(ctx context.Context) ([]registry.ClientStatus, error) {
	o.warn(ctx)
	return o.ModelRegistry.Clients(), nil
}

// Client implements source.
func (o *observer) Client(ctx context.Context, clientID string) (registry.ClientStatus, error) {
	o.warn(ctx)
	client, ok := o.ModelRegistry.Client(clientID)
	if !ok {
		return client, registry.ErrNotRegistered
	}
	return client, nil
}

// Replicas implements source.
func (o *observer) Replicas(ctx context.Context) ([]registry.ReplicaStatus, error) {
	o.warn(ctx)
	return o.ModelRegistry.Replicas(ctx)
}

// Explain implements source.
func (o *observer) Explain(ctx context.Context, clientID, modelID string) (registry.ClientModelStatus, error) {
	o.warn(ctx)
	return o.ClientModelStatus(clientID, modelID), nil
}

// Watch implements source. The view outlives its connection, so nothing is lost.
func (o *observer) Watch(ctx context.Context, _ func(error) error, tell func(registry.Event) error) error {
	o.warn(ctx)
	watcher := o.ModelRegistry.Watch(ctx)
	defer watcher.Close()
	for event := range watcher.C() {
		if err := tell(event); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return watcher.Err()
}

// SetQuota implements source. A limit that a provider named is no operator's, whoever hands it over.
func (o *observer) SetQuota(ctx context.Context, clientID, modelID string, limit registry.QuotaLimit) (outcome, error) {
	if limit.Source == registry.SourceOperator {
		ctx = o.byHand(ctx)
	}
	return o.wrote(o.SetModelQuotaExceededUntil(ctx, clientID, modelID, limit))
}

// ClearQuota implements source.
func (o *observer) ClearQuota(ctx context.Context, clientID, modelID string) (outcome, error) {
	return o.wrote(o.ClearModelQuotaExceeded(o.byHand(ctx), clientID, modelID))
}

// Suspend implements source.
func (o *observer) Suspend(ctx context.Context, clientID, modelID, reason string, until time.Time) (outcome, error) {
	return o.wrote(o.SuspendClientModelUntil(o.byHand(ctx), clientID, modelID, reason, until))
}

// Resume implements source.
func (o *observer) Resume(ctx context.Context, clientID, modelID string) (outcome, error) {
	return o.wrote(o.ResumeClientModel(o.byHand(ctx), clientID, modelID))
}

// Evict implements source.
func (o *observer) Evict(ctx context.Context, clientID string) (outcome, error) {
	return o.wrote(o.EvictClient(o.byHand(ctx), clientID))
}

func (o *observer) byHand(ctx context.Context) context.Context {
	return registry.WithActor(ctx, o.actor)
}

// wrote tells how a write ended. One that waits for Redis would wait in this process, so it is lost when that ends, and
// Close says so; where only the view waits, Redis has the write.
func (o *observer) wrote(err error) (outcome, error) {
	if absent := o.absent(); absent != "" && errors.Is(err, registry.ErrNoNamespace) {
		return outcome{}, errors.New(absent)
	}
	if err != nil && !errors.Is(err, registry.ErrPending) {
		return outcome{}, err
	}
	return outcome{Position: o.Position()}, nil
}
