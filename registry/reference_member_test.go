package registry_test

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// member is one replica of a reference, with the methods of a registry.
type member struct {
	*reference
	who refReplica
}

var _ replica = member{}

func newMember(ref *reference, id string, o registry.Options) member {
	return member{ref, refReplica{id, cmp.Or(o.QuotaWindow, 5*time.Minute), o.KeepMarks}}
}

// published turns a refusal of the reference into the error that callers of the registry know.
func published(err error) error {
	switch {
	case errors.Is(err, errRefInvalid):
		return registry.ErrInvalid
	case errors.Is(err, errRefNotRegistered):
		return registry.ErrNotRegistered
	}
	return err
}

func (m member) RegisterClient(_ context.Context, id, provider string, models []*registry.ModelInfo) error {
	_, err := m.register(m.who, id, provider, models)
	return published(err)
}

func (m member) UnregisterClient(_ context.Context, id string) error {
	_, err := m.unregister(m.who, id)
	return published(err)
}

func (m member) SetModelQuotaExceeded(_ context.Context, id, model string) error {
	_, err := m.quota(m.who, id, model)
	return published(err)
}

func (m member) ClearModelQuotaExceeded(_ context.Context, id, model string) error {
	m.clear(id, model)
	return nil
}

func (m member) SuspendClientModel(_ context.Context, id, model, reason string) error {
	_, err := m.suspend(id, model, reason)
	return published(err)
}

func (m member) ResumeClientModel(_ context.Context, id, model string) error {
	m.resume(id, model)
	return nil
}

func (m member) CleanupExpiredQuotas(context.Context) (int, error) { return m.cleanup(), nil }

func (m member) Sync(context.Context) error { return nil }

func (m member) Close() error {
	m.close(m.who)
	return nil
}
