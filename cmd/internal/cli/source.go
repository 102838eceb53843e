package cli

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// source is a registry as the verbs see it; they do not know in which way it is reached. Every method may end with
// registry.ErrUnavailable, and the writes with registry.ErrInvalid and registry.ErrNotRegistered.
type source interface {
	// Models returns all models that are registered, by ID.
	Models(ctx context.Context) ([]registry.ModelStatus, error)
	// Model returns what is known of one model; errNotFound where nobody supplies it.
	Model(ctx context.Context, modelID string) (modelDetail, error)
	// Clients returns all clients, by ID.
	Clients(ctx context.Context) ([]registry.ClientStatus, error)
	// Client returns one client with its models in full; errNotFound where it is not registered.
	Client(ctx context.Context, clientID string) (clientDetail, error)
	Replicas(ctx context.Context) ([]replicaStatus, error)
	Explain(ctx context.Context, clientID, modelID string) (registry.ClientModelStatus, error)
	// Watch calls tell for the state, for "synced", and then for each change, until ctx ends, which is no error. Where
	// the connection was lost it goes on by itself.
	Watch(ctx context.Context, tell func(registry.Event) error) error

	// The writes return where in the history they stand.
	SetQuota(ctx context.Context, clientID, modelID string, limit registry.QuotaLimit) (registry.Position, error)
	ClearQuota(ctx context.Context, clientID, modelID string) (registry.Position, error)
	Suspend(ctx context.Context, clientID, modelID, reason string, until time.Time) (registry.Position, error)
	Resume(ctx context.Context, clientID, modelID string) (registry.Position, error)
	Evict(ctx context.Context, clientID string) (registry.Position, error)

	Close() error
}

// holder is a source that can hold clients for those who ask.
type holder interface {
	source
	Register(ctx context.Context, clientID, provider string, models []*registry.ModelInfo) (registry.Position, error)
	Unregister(ctx context.Context, clientID string) (registry.Position, error)
}

// modelDetail is one model with the clients that supply it.
type modelDetail struct {
	registry.ModelStatus
	Info     *registry.ModelInfo `json:"info,omitempty"` // as the latest client registered it
	Supplied []modelClient       `json:"by_client"`
}

// modelClient is one client's part of a model.
type modelClient struct {
	ClientID string `json:"client"`
	Provider string `json:"provider"`
	registry.ClientModelStatus
}

// clientDetail is one client with its models in full.
type clientDetail struct {
	registry.ClientStatus
	Catalog []*registry.ModelInfo `json:"catalog"`
}

// replicaStatus is one replica that takes part in the namespace.
type replicaStatus struct {
	ReplicaID  string    `json:"replica"`
	Host       string    `json:"host,omitempty"`
	PID        int       `json:"pid,omitempty"`
	Version    string    `json:"version,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	LeaseUntil time.Time `json:"lease_until"`
	Clients    int       `json:"clients"` // that it holds
}
