package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
)

// viaDaemon is a source that asks a daemon over HTTP. The actor of its writes is the name of the token.
type viaDaemon struct {
	base   *url.URL
	token  string // "" for none
	client *http.Client
	log    logrus.FieldLogger
	wrote  string // the position of the last write, which later reads wait for
	warned bool   // that the daemon's view is old
}

// Models implements source.
func (d *viaDaemon) Models(ctx context.Context) ([]registry.ModelStatus, error) {
	var list struct{ Models []registry.ModelStatus }
	_, err := d.call(ctx, http.MethodGet, d.at("models"), nil, &list)
	return list.Models, err
}

// Model implements source.
func (d *viaDaemon) Model(ctx context.Context, modelID string) (state modelState, err error) {
	_, err = d.call(ctx, http.MethodGet, d.at("models", modelID), nil, &state)
	return state, err
}

// Clients implements source.
func (d *viaDaemon) Clients(ctx context.Context) ([]registry.ClientStatus, error) {
	var list struct{ Clients []registry.ClientStatus }
	_, err := d.call(ctx, http.MethodGet, d.at("clients"), nil, &list)
	return list.Clients, err
}

// Client implements source.
func (d *viaDaemon) Client(ctx context.Context, clientID string) (status registry.ClientStatus, err error) {
	_, err = d.call(ctx, http.MethodGet, d.at("clients", clientID), nil, &status)
	return status, err
}

// Replicas implements source.
func (d *viaDaemon) Replicas(ctx context.Context) ([]registry.ReplicaStatus, error) {
	var list struct{ Replicas []registry.ReplicaStatus }
	_, err := d.call(ctx, http.MethodGet, d.at("replicas"), nil, &list)
	return list.Replicas, err
}

// Explain implements source.
func (d *viaDaemon) Explain(ctx context.Context, clientID, modelID string) (status registry.ClientModelStatus, err error) {
	_, err = d.call(ctx, http.MethodGet, d.at("clients", clientID, "models", modelID), nil, &status)
	return status, err
}

// SetQuota implements source.
func (d *viaDaemon) SetQuota(ctx context.Context, clientID, modelID string, limit registry.QuotaLimit) (outcome, error) {
	body := map[string]string{"source": string(limit.Source), "reason": limit.Reason}
	if !limit.Until.IsZero() {
		body["until"] = limit.Until.Format(time.RFC3339Nano)
	}
	if limit.RetryAfter != 0 {
		body["retry_after"] = limit.RetryAfter.String()
	}
	return d.call(ctx, http.MethodPut, d.at("clients", clientID, "models", modelID, "quota"), body, nil)
}

// ClearQuota implements source.
func (d *viaDaemon) ClearQuota(ctx context.Context, clientID, modelID string) (outcome, error) {
	return d.call(ctx, http.MethodDelete, d.at("clients", clientID, "models", modelID, "quota"), nil, nil)
}

// Suspend implements source.
func (d *viaDaemon) Suspend(ctx context.Context, clientID, modelID, reason string, until time.Time) (outcome, error) {
	body := map[string]string{"reason": reason}
	if !until.IsZero() {
		body["until"] = until.Format(time.RFC3339Nano)
	}
	return d.call(ctx, http.MethodPut, d.at("clients", clientID, "models", modelID, "suspension"), body, nil)
}

// Resume implements source.
func (d *viaDaemon) Resume(ctx context.Context, clientID, modelID string) (outcome, error) {
	return d.call(ctx, http.MethodDelete, d.at("clients", clientID, "models", modelID, "suspension"), nil, nil)
}

// Evict implements source.
func (d *viaDaemon) Evict(ctx context.Context, clientID string) (outcome, error) {
	return d.call(ctx, http.MethodDelete, d.at("clients", clientID), nil, nil)
}

// Register has the daemon hold a client until it is evicted or the daemon stops.
func (d *viaDaemon) Register(ctx context.Context, clientID, provider string, models []*registry.ModelInfo) (outcome, error) {
	body := struct {
		Provider string                `json:"provider"`
		Models   []*registry.ModelInfo `json:"models"`
	}{provider, models}
	return d.call(ctx, http.MethodPut, d.at("clients", clientID), body, nil)
}

// Close implements source.
func (d *viaDaemon) Close() error {
	d.client.CloseIdleConnections()
	return nil
}
