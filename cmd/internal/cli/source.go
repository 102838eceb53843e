package cli

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// source is a registry as the verbs see it; they do not know in which way it is reached. Every method may end with
// registry.ErrUnavailable. What is asked about by name and is not there ends with registry.ErrNotRegistered, and so do
// writes about it; a write that cannot be ends with an error of usage.
type source interface {
	// Models returns all models that are registered, by ID.
	Models(ctx context.Context) ([]registry.ModelStatus, error)
	Model(ctx context.Context, modelID string) (modelState, error)
	// Clients returns all clients, by ID.
	Clients(ctx context.Context) ([]registry.ClientStatus, error)
	Client(ctx context.Context, clientID string) (registry.ClientStatus, error)
	// Replicas returns all replicas, by ID.
	Replicas(ctx context.Context) ([]registry.ReplicaStatus, error)
	Explain(ctx context.Context, clientID, modelID string) (registry.ClientModelStatus, error)
	// Watch calls tell for what there is, for "synced", and then for each change, until ctx ends, which is no error, or
	// tell returns an error, which is its own. Where the stream is lost it goes on by itself, from what there is then; each
	// time, and each time that this fails, it calls lost, which may end it with an error, too.
	Watch(ctx context.Context, lost func(error) error, tell func(registry.Event) error) error

	// What is asked after a write shows it.
	SetQuota(ctx context.Context, clientID, modelID string, limit registry.QuotaLimit) (outcome, error)
	ClearQuota(ctx context.Context, clientID, modelID string) (outcome, error)
	Suspend(ctx context.Context, clientID, modelID, reason string, until time.Time) (outcome, error)
	Resume(ctx context.Context, clientID, modelID string) (outcome, error)
	Evict(ctx context.Context, clientID string) (outcome, error)

	Close() error
}

// outcome is how a write ended.
type outcome struct {
	// Position is where in the history the registry is now; X-Rollcall-After of the HTTP API takes it.
	Position registry.Position `json:"position"`
	// Pending says that a daemon has the write and Redis, or that daemon's view, has not: other replicas may not know of it.
	Pending bool `json:"pending,omitempty"`
}

// modelState is one model with its description.
type modelState struct {
	registry.ModelStatus
	Info *registry.ModelInfo `json:"info,omitempty"` // as the latest of the clients registered it
}
