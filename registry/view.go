package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/store"
)

// View answers questions about the clients and models of a namespace from memory. Its methods never touch the network,
// never wait for a writer, and may be called by any number of goroutines. A list is of one moment: a change appears
// in it whole or not at all. What a method returns is the caller's own.
type View struct {
	clock   *store.Clock
	models  *index[modelState]
	clients *index[definition]
	listing atomic.Pointer[listing]

	mu       sync.Mutex // for what follows: the writer's side
	known    map[string]*clientState
	books    map[string]*book
	catalogs map[string]*catalogUse
	idle     []*catalogUse // catalogs without clients
	dirty    map[*book]struct{}
	moved    map[string]struct{} // clients that answers changed about
	expiries expiries
}

// listing is all models at one moment.
type listing struct {
	models     []*modelState // by ID
	newest     []int32       // indexes of models: most recently created first, then by ID
	generation uint64
	until      int64 // when an answer changes by itself, in server ms; 0: none does
	position   Position
}

// clientState is what the writer of a view keeps of a client.
type clientState struct {
	*definition
	holders []string
	marks   map[string]*store.Mark // by model; nil for none
}

// catalogUse counts the clients that use a catalog, so that it can go with the last.
type catalogUse struct {
	*catalog
	clients int
}

func newView(clock *store.Clock) *View {
	v := &View{
		clock: clock, models: newIndex[modelState](), clients: newIndex[definition](),
		known: make(map[string]*clientState), books: make(map[string]*book),
		catalogs: make(map[string]*catalogUse), dirty: make(map[*book]struct{}),
		moved: make(map[string]struct{}),
	}
	v.listing.Store(&listing{generation: 1})
	return v
}

// setClient makes a client what the record says. Its catalog must be there, or given.
func (v *View) setClient(id string, record *store.ClientRecord, given *catalog) {
	old := v.known[id]
	if old != nil && old.provider == record.Provider && old.catalog.digest == record.Digest &&
		old.registeredAt == record.RegisteredAt && old.revision == record.Revision {
		old.holders = record.Holders
		return
	}
	use := v.catalogs[record.Digest]
	if use == nil {
		use = &catalogUse{catalog: given}
		v.catalogs[record.Digest] = use
	}
	use.clients++
	next := &clientState{
		definition: &definition{id, record.Provider, use.catalog, record.RegisteredAt, record.Revision},
		holders:    record.Holders,
	}
	if old != nil {
		next.marks = old.marks
		v.dropDefinition(old)
	}
	v.known[id] = next
	v.moved[id] = struct{}{}
	for _, model := range use.models {
		b := v.books[model.info.ID]
		if b == nil {
			b = newBook(model.info.ID)
			v.books[model.info.ID] = b
		}
		b.add(supply{next.definition, model}, next.marks[model.info.ID])
		v.dirty[b] = struct{}{}
	}
}

func (v *View) removeClient(id string) {
	old := v.known[id]
	if old == nil {
		return
	}
	v.dropDefinition(old)
	delete(v.known, id)
	v.moved[id] = struct{}{}
}

func (v *View) dropDefinition(old *clientState) {
	for _, model := range old.catalog.models {
		b := v.books[model.info.ID]
		b.remove(old.client)
		v.dirty[b] = struct{}{}
	}
	use := v.catalogs[old.catalog.digest]
	if use.clients--; use.clients == 0 {
		v.idle = append(v.idle, use)
	}
}

// dropIdle forgets catalogs that lost their last client. It waits until a batch of entries is through: a later one may
// use the catalog again.
func (v *View) dropIdle() {
	for _, use := range v.idle {
		if use.clients == 0 {
			delete(v.catalogs, use.digest)
		}
	}
	v.idle = nil
}

func (v *View) removeHolder(id, holder string) {
	if c := v.known[id]; c != nil {
		c.holders = slices.DeleteFunc(slices.Clone(c.holders), func(h string) bool { return h == holder })
	}
}

func (v *View) clearMarks(id string) {
	if c := v.known[id]; c != nil {
		for model := range c.marks {
			v.setMark(id, model, nil)
		}
	}
}

// setMark sets the mark of a pair; nil removes it. A client that is not there has no marks.
func (v *View) setMark(id, model string, mark *store.Mark) {
	c := v.known[id]
	if c == nil || (mark == nil && c.marks[model] == nil) {
		return
	}
	c.marks = maps.Clone(c.marks)
	if mark == nil {
		delete(c.marks, model)
	} else {
		if c.marks == nil {
			c.marks = make(map[string]*store.Mark, 1)
		}
		c.marks[model] = mark
	}
	b := v.books[model]
	if b == nil {
		return
	}
	if _, supplied := b.suppliers[id]; !supplied {
		return
	}
	if mark == nil {
		delete(b.marks, id)
	} else {
		b.marks[id] = mark
	}
	v.dirty[b] = struct{}{}
}

func (v *View) recordOf(id string) *store.ClientRecord {
	if c := v.known[id]; c != nil {
		return c.record()
	}
	return nil
}

func (v *View) markOf(id, model string) *store.Mark {
	if c := v.known[id]; c != nil {
		return c.marks[model]
	}
	return nil
}

// mark returns the mark of a pair that is running, nil for none.
func (v *View) mark(id, model string) *store.Mark {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.known[id]; c != nil {
		return running(c.marks[model], v.clock.Millis())
	}
	return nil
}

// publish shows readers what was changed since the last call, as of a position.
func (v *View) publish(position Position) {
	old := v.listing.Load()
	next := *old
	next.position = position
	if len(v.moved) > 0 || len(v.dirty) > 0 {
		next.generation++
		for id := range v.moved {
			if c := v.known[id]; c != nil {
				v.clients.set(id, c.definition)
			} else {
				v.clients.set(id, nil)
			}
		}
		clear(v.moved)
		v.publishModels(&next)
	}
	v.listing.Store(&next)
	v.dropIdle()
}

func (v *View) publishModels(next *listing) {
	now := v.clock.Millis()
	var came []*modelState
	went, reorder := false, false
	replaced := make(map[string]*modelState, len(v.dirty))
	for b := range v.dirty {
		before := b.state
		b.state = b.next(now)
		v.expiries.update(b)
		switch {
		case b.state == nil:
			delete(v.books, b.id)
			went = went || before != nil
		case before == nil:
			came = append(came, b.state)
		default:
			replaced[b.id] = b.state
			reorder = reorder || before.newest.info.Created != b.state.newest.info.Created
		}
	}
	if len(came) > 0 || went || len(replaced) > 0 {
		next.models = v.merge(next.models, came, replaced)
	}
	if len(came) > 0 || went || reorder {
		next.newest = newestFirst(next.models)
	}
	for b := range v.dirty {
		v.models.set(b.id, b.state)
	}
	clear(v.dirty)
	next.until = v.expiries.soonest()
}

// merge makes the next list of models, by ID, from the last one.
func (v *View) merge(old, came []*modelState, replaced map[string]*modelState) []*modelState {
	byID := func(a, b *modelState) int { return strings.Compare(a.id, b.id) }
	slices.SortFunc(came, byID)
	merged := make([]*modelState, 0, len(old)+len(came))
	for _, m := range old {
		for len(came) > 0 && came[0].id < m.id {
			merged, came = append(merged, came[0]), came[1:]
		}
		if next := replaced[m.id]; next != nil {
			merged = append(merged, next)
		} else if v.books[m.id] != nil {
			merged = append(merged, m)
		}
	}
	return append(merged, came...)
}

func newestFirst(models []*modelState) []int32 {
	order := make([]int32, len(models))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(i, j int32) int {
		return cmp.Compare(models[j].newest.info.Created, models[i].newest.info.Created)
	})
	return order
}

// expire shows what time has changed. It does nothing before the first deadline.
func (v *View) expire() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock.Millis()
	current := v.listing.Load()
	if current.until == 0 || now < current.until {
		return
	}
	for _, b := range v.expiries {
		if b.state.until <= now {
			v.dirty[b] = struct{}{}
		}
	}
	v.publish(current.position)
}
