package registry_test

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// carryOut lets the command's replica do it.
func (m *machine) carryOut(c command) error {
	r, ctx := &m.replicas[c.on], registry.WithActor(m.t.Context(), c.limit.actor)
	_, seen := m.seen(c)
	switch c.do {
	case "register", "register again":
		return r.RegisterClient(ctx, c.client, c.provider, c.models)
	case "unregister":
		return r.UnregisterClient(ctx, c.client)
	case "release":
		return r.ReleaseClient(ctx, c.client)
	case "evict":
		return r.EvictClient(ctx, c.client)
	case "quota":
		return r.SetModelQuotaExceededUntil(ctx, c.client, c.model, m.limit(c, seen))
	case "clear":
		if c.asOf > 0 {
			return r.ClearModelQuotaExceededAsOf(ctx, c.client, c.model, seen)
		}
		return r.ClearModelQuotaExceeded(ctx, c.client, c.model)
	case "suspend":
		until := time.Time{}
		if c.limit.in != 0 {
			until = m.ref.now.Add(m.lead + c.limit.in)
		}
		return r.SuspendClientModelUntil(ctx, c.client, c.model, c.reason, until)
	case "resume":
		if c.asOf > 0 {
			return r.ResumeClientModelAsOf(ctx, c.client, c.model, seen)
		}
		return r.ResumeClientModel(ctx, c.client, c.model)
	case "clean up":
		return m.cleanUp(r.ModelRegistry)
	case "move the clock":
		moveClock(m.t, m.s, c.by)
		return nil
	case "resync":
		return registry.Resync(r.ModelRegistry, ctx)
	case "reopen":
		return m.reopen(c)
	}
	panic("unknown command " + c.do)
}

// limit is the limit that a command states.
func (m *machine) limit(c command, seen registry.Position) registry.QuotaLimit {
	sources := []registry.QuotaSource{
		registry.SourceHeuristic, registry.SourceRetryAfter, registry.SourceProviderReset, registry.SourceOperator,
	}
	limit := registry.QuotaLimit{Source: sources[c.limit.rank-1], Seen: seen}
	switch {
	case !c.limit.stated:
	case c.asked:
		limit.RetryAfter = c.limit.in
	default:
		limit.Until = m.ref.now.Add(m.lead + c.limit.in)
	}
	return limit
}

// cleanUp removes what ended, no more, and then there is nothing left to remove. What ended may already have gone
// with another write.
func (m *machine) cleanUp(r *registry.ModelRegistry) error {
	removed, err := r.CleanupExpiredQuotas(m.t.Context())
	if err != nil {
		return err
	}
	if m.removed += removed; m.removed > m.ref.ended {
		m.failf("clean up removed %d marks so far, and only %d had ended", m.removed, m.ref.ended)
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
