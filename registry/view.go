package registry

import (
	"maps"
	"slices"
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
	clients *index[registered]
	listing atomic.Pointer[listing]
	local   atomic.Pointer[View] // see own; nil in the local view itself
	isLocal bool

	mu       *sync.Mutex // for what follows, the writer's side; the local view's, too
	replica  string      // whose holds the local view shows; empty: nobody's
	known    map[string]*clientState
	books    map[string]*book
	catalogs map[string]*catalogUse
	idle     []*catalogUse // catalogs without clients
	dirty    []*book       // each once
	moved    []string      // clients that answers changed about
	expiries expiries
	slots    []*book  // by slot in the listing; nil: free
	free     []int32  // slots
	edition  uint64   // of what is not published yet
	watched  *watched // nil: nobody watches
	alarm    alarm
}

// registered is what the view publishes of a client. It does not change.
type registered struct {
	*definition
	marks map[string]*store.Mark // by model, "*" is the client as a whole; nil for none. Some may be over.
}

// clientState is what the writer of a view keeps of a client.
type clientState struct {
	*definition
	holders []string
	marks   map[string]*store.Mark // as in registered; once published it is read without the lock
	edition uint64                 // of marks
}

// catalogUse counts the clients that use a catalog, so that it can go with the last.
type catalogUse struct {
	*catalog
	clients int
}

func newView(clock *store.Clock, replica string) *View {
	v := &View{
		clock: clock, mu: new(sync.Mutex), replica: replica, models: newIndex[modelState](), clients: newIndex[registered](),
		known: make(map[string]*clientState), books: make(map[string]*book),
		catalogs: make(map[string]*catalogUse), expiries: newExpiries(), edition: 1,
		alarm: alarm{ring: make(chan struct{}, 1)},
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
		v.mirror(old)
		return
	}
	v.note(id, "")
	use := v.catalogs[record.Digest]
	if use == nil {
		use = &catalogUse{catalog: given}
		v.catalogs[record.Digest] = use
	}
	use.clients++
	next := &clientState{
		definition: newDefinition(id, record, use.catalog),
		holders:    record.Holders,
	}
	if old != nil {
		next.marks, next.edition = old.marks, old.edition
		v.dropDefinition(old)
	}
	v.known[id] = next
	v.moved = append(v.moved, id)
	for _, model := range use.models {
		b := v.books[model.info.ID]
		if b == nil {
			b = newBook(model.info.ID)
			v.books[model.info.ID] = b
		}
		b.add(supply{definition: next.definition, model: model}, v.edition)
		b.mark(next.definition, next.marks[model.info.ID], next.marks[wholeClient], v.edition)
		v.touch(b)
	}
	v.mirror(next)
}

func (v *View) removeClient(id string) {
	old := v.known[id]
	if old == nil {
		return
	}
	v.noteGone(old)
	v.dropDefinition(old)
	delete(v.known, id)
	v.moved = append(v.moved, id)
	if local := v.local.Load(); local != nil {
		local.removeClient(id)
	}
}

func (v *View) dropDefinition(old *clientState) {
	for _, model := range old.catalog.models {
		b := v.books[model.info.ID]
		b.remove(old.client, v.edition)
		v.touch(b)
	}
	use := v.catalogs[old.catalog.digest]
	if use.clients--; use.clients == 0 {
		v.idle = append(v.idle, use)
	}
}

// touch has a book's next state published.
func (v *View) touch(b *book) {
	if !b.dirty {
		b.dirty = true
		v.dirty = append(v.dirty, b)
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
		v.mirror(c)
	}
}

func (v *View) clearMarks(id string) {
	if c := v.known[id]; c != nil {
		for model := range c.marks {
			v.setMark(id, model, nil)
		}
	}
}

// setMark sets the mark of a pair, or that of a client as a whole; nil removes it. A client that is not there has no
// marks.
func (v *View) setMark(id, model string, mark *store.Mark) {
	c := v.known[id]
	if c == nil || (mark == nil && c.marks[model] == nil) {
		return
	}
	v.note(id, model)
	now := v.clock.Millis()
	same := alike(running(mark, now), running(c.marks[model], now)) // a fence came or went, or what was over
	if c.edition != v.edition {
		c.marks, c.edition = maps.Clone(c.marks), v.edition
	}
	if mark == nil {
		delete(c.marks, model)
	} else {
		if c.marks == nil {
			c.marks = make(map[string]*store.Mark, 1)
		}
		c.marks[model] = mark
	}
	changed := false
	if same {
		// nothing that anybody asks for
	} else if model == wholeClient {
		for _, each := range c.catalog.models {
			changed = v.showMarks(c, v.books[each.info.ID]) || changed
		}
	} else if c.catalog.has(model) {
		changed = v.showMarks(c, v.books[model])
	}
	if changed {
		v.moved = append(v.moved, id)
	}
	if local := v.local.Load(); local != nil {
		local.setMark(id, model, mark)
	}
}

// showMarks shows what a client's marks mean for a model that it supplies, and says whether that changes anything.
func (v *View) showMarks(c *clientState, b *book) bool {
	changed := b.mark(c.definition, c.marks[b.id], c.marks[wholeClient], v.edition)
	if changed {
		v.touch(b)
	}
	return changed
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

// expire shows what time has changed. It does nothing before the first deadline.
func (v *View) expire() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock.Millis()
	until := v.until()
	if (until == 0 || now < until) && !v.endingsDue(now) {
		return
	}
	v.expiries.due(now, 0, v.touch)
	if local := v.local.Load(); local != nil {
		local.expiries.due(now, 0, local.touch)
	}
	v.publish(v.listing.Load().position)
}
