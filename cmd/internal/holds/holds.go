// Package holds keeps clients registered on behalf of callers that have no replica of their own, each as long as its
// caller renews it.
package holds

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
)

const (
	// MinTTL is the least time that a hold can be asked to last without renewal.
	MinTTL = time.Second
	// DefaultTTL is how long a hold lasts that is renewed by a daemon which does not know for how long.
	DefaultTTL = time.Minute

	retryInterval = 2 * time.Second // between tries to release what could not be released
)

// ErrConfigured: the client stands in the daemon's config file, which alone says what it is.
var ErrConfigured = errors.New("the client is one of the config file")

// Registry is what Holds needs of a registry.
type Registry interface {
	Looker
	RegisterClient(ctx context.Context, clientID, clientProvider string, models []*registry.ModelInfo) error
	ReleaseClient(ctx context.Context, clientID string) error
	EvictClient(ctx context.Context, clientID string) error
	Sync(ctx context.Context) error
	GetModelsForClient(clientID string) []*registry.ModelInfo
}

// Looker finds a client.
type Looker interface {
	Client(clientID string) (registry.ClientStatus, bool)
}

// Holds are the clients that this daemon holds for callers.
type Holds struct {
	registry   Registry
	local      Looker
	configured map[string]bool
	log        logrus.FieldLogger
	seed       maphash.Seed
	calls      [64]sync.Mutex // one call at a time a client; several clients may share one

	mu   sync.Mutex
	held map[string]hold
	news chan struct{} // a deadline came that may be earlier than all others
}

// hold is one client's. A ttl of 0 has no end.
type hold struct {
	ttl    time.Duration
	until  time.Time
	logged bool // that it could not be released
}

// New returns holds in a registry, of which local shows the clients that this replica holds. Those of the config file are
// held by somebody else and are not to be touched.
func New(r Registry, local Looker, configured []string, log logrus.FieldLogger) *Holds {
	h := &Holds{
		registry: r, local: local, configured: make(map[string]bool, len(configured)), log: log, seed: maphash.MakeSeed(),
		held: map[string]hold{}, news: make(chan struct{}, 1),
	}
	for _, id := range configured {
		h.configured[id] = true
	}
	return h
}

// Put registers a client and holds it for ttl; 0: until Evict or the end of the daemon. Errors: ErrConfigured, and those of
// registry.RegisterClient; after ErrPending it is held.
func (h *Holds) Put(ctx context.Context, id, provider string, models []*registry.ModelInfo, ttl time.Duration) error {
	if h.configured[id] {
		return ErrConfigured
	}
	defer h.lock(id)()
	err := h.registry.RegisterClient(ctx, id, provider, models)
	if err == nil || errors.Is(err, registry.ErrPending) {
		h.set(id, ttl)
	}
	return err
}

// Renew lets a hold last for another ttl, which it returns; 0 asks for the one that it has. A client that this daemon does
// not hold it holds from then on, as the registry knows it; the ttl is then DefaultTTL where none is asked for. A returned
// 0 means that the hold has no end. Errors: registry.ErrNotRegistered where nobody holds the client, together with
// registry.ErrUnavailable where somebody may, but Redis could not be asked; and those of registry.RegisterClient; after
// ErrPending it is renewed.
func (h *Holds) Renew(ctx context.Context, id string, ttl time.Duration) (time.Duration, error) {
	defer h.lock(id)()
	err := h.join(ctx, id)
	if err != nil && !errors.Is(err, registry.ErrPending) {
		return 0, err
	}
	if h.configured[id] {
		return 0, err
	}
	if ttl == 0 {
		if known, ok := h.get(id); ok {
			ttl = known.ttl
		} else {
			ttl = DefaultTTL
		}
	}
	h.set(id, ttl)
	return ttl, err
}

// join makes this replica hold a client that others hold.
func (h *Holds) join(ctx context.Context, id string) error {
	if _, ok := h.local.Client(id); ok {
		return nil
	}
	// The caller may have told another daemon just now what the client is. While Redis is away nobody can know better
	// than the view, and what waits for Redis changes no definition that is there.
	away := h.registry.Sync(ctx)
	if away != nil && !errors.Is(away, registry.ErrUnavailable) {
		return away
	}
	client, ok := h.registry.Client(id)
	if !ok && away != nil {
		return errors.Join(registry.ErrNotRegistered, away)
	}
	if !ok {
		h.drop(id)
		return registry.ErrNotRegistered
	}
	return h.registry.RegisterClient(ctx, id, client.Provider, h.registry.GetModelsForClient(id))
}

// Evict removes a client for everybody, be it held here, elsewhere or nowhere. Errors: those of registry.EvictClient.
func (h *Holds) Evict(ctx context.Context, id string) error {
	defer h.lock(id)()
	err := h.registry.EvictClient(ctx, id)
	if err == nil || errors.Is(err, registry.ErrPending) {
		h.drop(id)
	}
	return err
}

// lock keeps other calls for the client away until the returned function is called.
func (h *Holds) lock(id string) (unlock func()) {
	m := &h.calls[maphash.String(h.seed, id)%uint64(len(h.calls))]
	m.Lock()
	return m.Unlock
}

func (h *Holds) get(id string) (hold, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	found, ok := h.held[id]
	return found, ok
}

func (h *Holds) set(id string, ttl time.Duration) {
	h.mu.Lock()
	h.held[id] = hold{ttl: ttl, until: time.Now().Add(ttl)}
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default: // Run has not yet seen the news before this
	}
}

func (h *Holds) drop(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, id)
}
