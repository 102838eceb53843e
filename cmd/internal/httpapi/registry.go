package httpapi

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// Registry is what the handlers ask; *registry.ModelRegistry is one. Lists come ordered and are the caller's own.
type Registry interface {
	registryView
	GetAvailableModelInfos() []*registry.ModelInfo
	GetAvailableModelsByProvider(provider string) []*registry.ModelInfo
	GetModelCount(modelID string) int
	GetModelProviders(modelID string) []string
	GetModelInfo(modelID string, provider ...string) *registry.ModelInfo
	GetGeneration() uint64
	Models() []registry.ModelStatus
	Client(clientID string) (registry.ClientStatus, bool)
	PickClient(modelID string, options registry.PickOptions) (clientID string, ok bool)
	Local() *registry.View
	Health() registry.Health
	Stats() registry.Stats

	WaitFor(ctx context.Context, position registry.Position) error
	Replicas(ctx context.Context) ([]registry.ReplicaStatus, error)
	Watch(ctx context.Context) *registry.Watcher

	SetModelQuotaExceededUntil(ctx context.Context, clientID, modelID string, limit registry.QuotaLimit) error
	ClearModelQuotaExceeded(ctx context.Context, clientID, modelID string) error
	ClearModelQuotaExceededAsOf(ctx context.Context, clientID, modelID string, seen registry.Position) error
	SuspendClientModelUntil(ctx context.Context, clientID, modelID, reason string, until time.Time) error
	ResumeClientModel(ctx context.Context, clientID, modelID string) error
	ResumeClientModelAsOf(ctx context.Context, clientID, modelID string, seen registry.Position) error
}
