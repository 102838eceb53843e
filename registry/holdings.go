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
	leaving map[string]holding // given up, and Redis may not know it yet
	evicted map[string]uint64  // revisions of evictions that were seen while a registration of the client was under way
}

type holding struct {
	provider string
	catalog  *catalog
	since    uint64 // the revision at which Redis had the registration; 0: it may not have it yet
}

func (h *holdings) init() {
	h.seed = maphash.MakeSeed()
	h.clients, h.leaving, h.evicted = make(map[string]holding), make(map[string]holding), make(map[string]uint64)
}

// lock holds up other registrations of the client until the returned function is called.
func (h *holdings) lock(client string) (unlock func()) {
	l := &h.locks[maphash.String(h.seed, client)%uint64(len(h.locks))]
	l.Lock()
	return l.Unlock
}

// change sets a holding and returns what undoes that.
func (h *holdings) change(client string, held holding) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	undo = h.undo(client)
	h.clients[client] = held
	delete(h.leaving, client)
	return undo
}

// leave gives a holding up and returns what undoes that. Until Redis knows, and left is called, the client is still
// brought back after a loss, so that others learn what this replica knew of it.
func (h *holdings) leave(client string) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	undo = h.undo(client)
	if held, ok := h.clients[client]; ok {
		h.leaving[client] = held
		delete(h.clients, client)
	}
	return undo
}

func (h *holdings) left(client string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.leaving, client)
}

func (h *holdings) undo(client string) func() {
	held, was := h.clients[client]
	leaving, leaves := h.leaving[client]
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.clients, client)
		delete(h.leaving, client)
		if was && (held.since == 0 || held.since >= h.evicted[client]) {
			h.clients[client] = held
		}
		if leaves {
			h.leaving[client] = leaving
		}
	}
}

// registered takes note of the revision at which Redis had the registration. Where an eviction came after that, which
// was seen before, the holding is gone.
func (h *holdings) registered(client string, at uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.clients[client]
	if !ok {
		return
	}
	held.since = at
	h.clients[client] = held
	if at < h.evicted[client] {
		delete(h.clients, client)
	}
	delete(h.evicted, client)
}

// evict takes note of an eviction that the feed or a snapshot tells of: the holding is gone, unless it was registered
// since. Revisions of later epochs are higher, too. It says whether there was one that is gone now.
func (h *holdings) evict(client string, at uint64) (gone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.leaving, client)
	held, ok := h.clients[client]
	switch {
	case !ok:
	case held.since == 0:
		h.evicted[client] = at
	case held.since < at:
		delete(h.clients, client)
		return true
	}
	return false
}

// drop forgets a holding and returns what undoes that.
func (h *holdings) drop(client string) (undo func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	undo = h.undo(client)
	delete(h.clients, client)
	delete(h.leaving, client)
	delete(h.evicted, client)
	return undo
}

func (h *holdings) has(client string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ok := h.clients[client]
	return ok
}

// supplies says whether a client of which Redis had this replica's registration, at a revision or before, supplies a model.
func (h *holdings) supplies(client, model string, by uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.clients[client]
	return ok && held.since > 0 && held.since <= by && (model == wholeClient || slices.ContainsFunc(held.catalog.models, func(m *catalogModel) bool { return m.info.ID == model }))
}

// assertions lists all holdings, and those that are being given up, for a new history: as the view knows them, where it does.
func (h *holdings) assertions(v *View) ([]store.Assertion, error) {
	v.mu.Lock() // before the other, as where a view is made anew
	defer v.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	encoded := make(map[*catalog]store.Catalog)
	var assertions []store.Assertion
	all := maps.Clone(h.clients)
	for client, held := range h.leaving {
		if v.known[client] != nil {
			all[client] = held
		}
	}
	for client, held := range all {
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
