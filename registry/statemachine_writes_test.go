package registry_test

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/registry"
)

// carryOut lets the command's replica do it.
func (m *machine) carryOut(c command) error {
	r, ctx := &m.replicas[c.on], m.t.Context()
	switch c.do {
	case "register", "register again":
		return r.RegisterClient(ctx, c.client, c.provider, c.models)
	case "unregister":
		return r.UnregisterClient(ctx, c.client)
	case "quota":
		return r.SetModelQuotaExceeded(ctx, c.client, c.model)
	case "clear":
		return r.ClearModelQuotaExceeded(ctx, c.client, c.model)
	case "suspend":
		return r.SuspendClientModel(ctx, c.client, c.model, c.reason)
	case "resume":
		return r.ResumeClientModel(ctx, c.client, c.model)
	case "clean up":
		return m.cleanUp(r.ModelRegistry)
	case "move the clock":
		m.s.Advance(m.t, c.by)
		return nil
	case "resync":
		return registry.Resync(r.ModelRegistry, ctx)
	case "reopen":
		return m.reopen(c)
	}
	panic("unknown command " + c.do)
}

// cleanUp removes what ended, no more, and then there is nothing left to remove. What ended may already have gone
// with another write.
func (m *machine) cleanUp(r *registry.ModelRegistry) error {
	removed, err := r.CleanupExpiredQuotas(m.t.Context())
	if err != nil {
		return err
	}
	if ended := m.ref.cleanup(); removed > ended {
		m.failf("clean up removed %d marks, and only %d had ended", removed, ended)
	}
	removed, err = r.CleanupExpiredQuotas(m.t.Context())
	if removed != 0 {
		m.failf("clean up removed another %d marks", removed)
	}
	return err
}

// reopen closes a replica and puts a new one in its place.
func (m *machine) reopen(c command) error {
	r := &m.replicas[c.on]
	if err := r.Close(); err != nil {
		return err
	}
	if c.renamed {
		m.reopened++
		r.who.id = fmt.Sprintf("replica-%d-%d", c.on, m.reopened)
	}
	m.open(c.on)
	return nil
}
