package registry

import (
	"context"
	"errors"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	hookTimeout = 5 * time.Second
	// hookGrace is what a call gets to return when the registry is closed; with what Close takes before, it is under 2 s.
	hookGrace = 300 * time.Millisecond
)

// hookCalls is what the hook was told.
type hookCalls struct {
	*ModelRegistry
	told map[string]*definition // by client
}

// callHook calls the hook until ctx ends.
func (r *ModelRegistry) callHook(ctx context.Context) {
	h := hookCalls{r, make(map[string]*definition)}
	for {
		changes := make(chan change)
		telling := tell(ctx, r, changes, func(c change) (change, bool) { return c, c.kind != EventMark })
		h.follow(ctx, changes)
		telling.end()
		if !errors.Is(telling.err, ErrSlow) {
			return
		}
		r.options.Logger.Warn("rollcall: the hook is too slow to hear of every change; it will be told what differs")
	}
}

// follow tells the hook what changes.
func (h *hookCalls) follow(ctx context.Context, changes <-chan change) {
	gone := maps.Clone(h.told) // until the state has them
	for c := range changes {
		ok := true
		switch c.kind {
		case EventClient:
			delete(gone, c.client)
			ok = h.registered(ctx, c.definition)
		case EventClientGone:
			ok = h.unregistered(ctx, c.definition)
		case EventSynced:
			for _, id := range slices.Sorted(maps.Keys(gone)) {
				ok = ok && h.unregistered(ctx, gone[id])
			}
		}
		if !ok {
			return
		}
	}
}

func (h *hookCalls) registered(ctx context.Context, d *definition) bool {
	before := h.told[d.client]
	h.told[d.client] = d
	if before != nil && before.same(d) {
		return true
	}
	models := d.catalog.clone()
	return h.call(ctx, d, func(ctx context.Context) {
		h.options.Hook.OnModelsRegistered(ctx, d.provider, d.client, models)
	})
}

func (h *hookCalls) unregistered(ctx context.Context, d *definition) bool {
	delete(h.told, d.client)
	return h.call(ctx, d, func(ctx context.Context) { h.options.Hook.OnModelsUnregistered(ctx, d.provider, d.client) })
}

// call returns when a call has ended, and then true. When ctx has ended it does not wait for long.
func (h *hookCalls) call(ctx context.Context, d *definition, do func(context.Context)) bool {
	log := h.options.Logger.WithField("client", d.client)
	if ctx.Err() != nil {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer caught(log)
		do(limited)
	}()
	select {
	case <-ended:
		return true
	case <-limited.Done():
	}
	if ctx.Err() == nil {
		log.Warnf("rollcall: a call of the hook takes longer than %s", hookTimeout)
		select {
		case <-ended:
			return true
		case <-ctx.Done():
		}
	}
	grace := time.NewTimer(hookGrace)
	defer grace.Stop()
	select {
	case <-ended:
		return true
	case <-grace.C:
		log.Error("rollcall: the registry is closed and leaves a call of the hook behind that does not return")
		return false
	}
}

// caught keeps a panic from going further.
func caught(log logrus.FieldLogger) {
	if p := recover(); p != nil {
		log.WithField("stack", string(debug.Stack())).Errorf("rollcall: the hook panicked: %v", p)
	}
}
