package registry

import (
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"github.com/rollcall-dev/rollcall/store"
)

// holdings are the clients that this replica registered, to be brought back after a loss. They are kept apart from the
// view, which follows what Redis says.
type holdings struct {
	seed  maphash.Seed
	locks [64]sync.Mutex // by client: its registrations go out one after the other

	mu      sync.Mutex
	clients map[string]holding
}

type holding struct {
	provider string
	catalog  *catalog
}

func (h *holdings) init() {
	h.seed = maphash.MakeSeed()
	h.clients = make(map[string]holding)
}

// lock holds up other registrations of the client until the returned function is called.
func (h *holdings) lock(client string) (unlock func()) {
	l := &h.locks[maphash.String(h.seed, client)%uint64(len(h.locks))]
	l.Lock()
	return l.Unlock
}

// change sets a holding, or with the zero one removes it, and returns what undoes that.
func (h *holdings) change(client string, held holding) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.clients[client]
	h.put(client, held)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.put(client, before)
	}
}

func (h *holdings) put(client string, held holding) {
	if held == (holding{}) {
		delete(h.clients, client)
		return
	}
	h.clients[client] = held
}

func (h *holdings) has(client string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.clients[client]
	return ok
}

// supplies says whether a client that this replica registered supplies a model.
func (h *holdings) supplies(client, model string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.clients[client]
	return ok && slices.ContainsFunc(held.catalog.models, func(m *catalogModel) bool { return m.info.ID == model })
}

// assertions lists all holdings for another history: as the view knows them, where it does.
func (h *holdings) assertions(v *View) ([]store.Assertion, error) {
	v.mu.Lock() // before the other, as where a view is made anew
	defer v.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	encoded := make(map[*catalog]store.Catalog)
	var assertions []store.Assertion
	for client, held := range h.clients {
		a := store.Assertion{Client: client, Provider: held.provider, RegisteredAt: v.clock.Millis()}
		use := held.catalog
		if known := v.known[client]; known != nil {
			a.Provider, a.RegisteredAt, a.Revision = known.provider, known.registeredAt, known.revision
			a.Marks, use = maps.Clone(known.marks), known.catalog
		}
		made, again := encoded[use]
		if !again {
			var err error
			if made, err = use.encode(); err != nil {
				return nil, err
			}
			encoded[use] = made
		}
		a.Catalog = made
		assertions = append(assertions, a)
	}
	return assertions, nil
}

// encode makes the form of a catalog that goes to Redis.
func (c *catalog) encode() (store.Catalog, error) {
	var infos []*ModelInfo
	for _, model := range c.models {
		for range model.copies {
			infos = append(infos, model.info)
		}
	}
	return encodeCatalog(infos)
}
