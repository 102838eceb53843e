package registry

import (
	"cmp"
	"math"
	"slices"

	"github.com/rollcall-dev/rollcall/store"
)

// definition is what a client registered. It does not change; a registration that differs makes another.
type definition struct {
	client       string
	provider     string
	catalog      *catalog
	registeredAt int64 // server ms
	revision     uint64
	unmarked     *pairState // of this client where it has no marks, for all models
}

func newDefinition(client string, record *store.ClientRecord, use *catalog) *definition {
	d := &definition{
		client: client, provider: record.Provider, catalog: use, registeredAt: record.RegisteredAt, revision: record.Revision,
	}
	d.unmarked = &pairState{definition: d, ends: math.MaxInt64}
	return d
}

// newer orders definitions by when they were registered. Revisions part those of one millisecond.
func (d *definition) newer(than *definition) bool {
	return cmp.Or(cmp.Compare(d.registeredAt, than.registeredAt), cmp.Compare(d.revision, than.revision),
		cmp.Compare(d.client, than.client)) > 0
}

// supply is a model as one client supplies it.
type supply struct {
	*definition
	model *catalogModel
	place int // among its share's clients
}

// book is what the writer of a view keeps of a model, to work out its next modelState. A change of one client takes no
// look at the others.
type book struct {
	id        string
	suppliers map[string]supply // by client
	shares    []*share          // by registrations, most first, then by name, once the book is sorted
	sorted    bool              // nobody came or went since the last state
	endings   heap[*pairState]  // of clients with marks, the one that ends first in front
	state     *modelState       // as published last; nil: not listed in the index
	dirty     bool              // to be published
	place     int               // in the heap of expiries; -1: not there
	slot      int32             // in the listing
	turns     *turns
}

// share is the part of one provider's clients in a model.
type share struct {
	provider      string
	registrations int
	definitions   heap[*definition] // newest in front; those of clients that went may still be there
	newest        supply
	tally         tally              // of the marks of its clients, as if no part of one were over
	clients       vector[*pairState] // all of them, those without marks in front
	free          int                // how many those are
}

func newBook(id string) *book {
	return &book{
		id: id, suppliers: make(map[string]supply), place: -1, turns: newTurns(),
		endings: heap[*pairState]{
			before: func(p, q *pairState) bool { return p.ends < q.ends },
			placed: func(p *pairState, place int) { p.ending = place },
		},
	}
}

// share returns a provider's share; that of a new one is made.
func (b *book) share(provider string) *share {
	for _, s := range b.shares {
		if s.provider == provider {
			return s
		}
	}
	s := &share{provider: provider, definitions: heap[*definition]{before: (*definition).newer}}
	b.shares = append(b.shares, s)
	return s
}

func (b *book) add(s supply, edition uint64) {
	b.suppliers[s.client] = s
	share := b.share(s.provider)
	share.registrations += s.model.copies
	share.definitions.push(s.definition)
	share.clients.push(edition, s.unmarked)
	b.swap(share, share.clients.size-1, share.free, edition)
	share.free++
	b.sorted = false
}

// remove takes out a client that supplies the model, with its marks.
func (b *book) remove(client string, edition uint64) {
	s := b.suppliers[client]
	b.mark(s.definition, nil, nil, edition)
	share := b.share(s.provider)
	share.registrations -= s.model.copies
	share.free--
	b.swap(share, b.suppliers[client].place, share.free, edition)
	b.swap(share, share.free, share.clients.size-1, edition)
	share.clients.pop(edition)
	delete(b.suppliers, client)
	b.sorted = false
}

// swap exchanges the clients in two places of a share.
func (b *book) swap(share *share, i, j int, edition uint64) {
	p, q := share.clients.at(i), share.clients.at(j)
	b.put(share, j, p, edition)
	if i != j {
		b.put(share, i, q, edition)
	}
}

func (b *book) put(share *share, place int, p *pairState, edition uint64) {
	share.clients.set(edition, place, p)
	s := b.suppliers[p.client]
	if s.place != place {
		s.place = place
		b.suppliers[p.client] = s
	}
}

// mark sets the marks of a client that supplies the model, that of the pair and that on the client as a whole; nil is
// none. It says whether that changes anything.
func (b *book) mark(d *definition, pair, whole *store.Mark, edition uint64) bool {
	place, share := b.suppliers[d.client].place, b.share(d.provider)
	next := newPairState(d, pair, whole, 0)
	if next == d.unmarked && place < share.free {
		return false
	}
	b.replace(share.clients.at(place), next, edition)
	return true
}

// replace puts one state in the place of another of the same client.
func (b *book) replace(old, next *pairState, edition uint64) {
	share, place := b.share(old.provider), b.suppliers[old.client].place
	share.tally.count(old, 0, -1)
	share.tally.count(next, 0, 1)
	was, is := old != old.unmarked, next != next.unmarked
	switch {
	case !was:
		share.free--
		b.swap(share, place, share.free, edition)
		place = share.free
		b.endings.push(next)
	case is:
		b.endings.items[old.ending] = next
		b.endings.fix(old.ending)
	default:
		b.swap(share, place, share.free, edition)
		place = share.free
		share.free++
		b.endings.remove(old.ending)
	}
	b.put(share, place, next, edition)
}

// dropOver forgets the parts of marks that are over.
func (b *book) dropOver(now int64, edition uint64) {
	for len(b.endings.items) > 0 && b.endings.items[0].ends <= now {
		first := b.endings.items[0]
		b.replace(first, first.rest(now), edition)
	}
}

// sort puts the shares in order, after clients came or went.
func (b *book) sort() {
	b.shares = slices.DeleteFunc(b.shares, func(s *share) bool { return s.clients.size == 0 })
	slices.SortFunc(b.shares, func(s, t *share) int {
		return cmp.Or(cmp.Compare(t.registrations, s.registrations), cmp.Compare(s.provider, t.provider))
	})
	for _, s := range b.shares {
		s.newest = b.suppliers[b.front(s).client]
	}
	b.sorted = true
}

// front returns a share's newest definition, which is that of a client that is there.
func (b *book) front(s *share) *definition {
	there := func(d *definition) bool { return b.suppliers[d.client].definition == d }
	if len(s.definitions.items) > 2*s.clients.size+16 {
		s.definitions.keep(there)
	}
	for !there(s.definitions.items[0]) {
		s.definitions.remove(0)
	}
	return s.definitions.items[0]
}

// next works out the state to publish; nil when nobody supplies the model.
func (b *book) next(now int64, edition uint64) *modelState {
	if len(b.suppliers) == 0 {
		return nil
	}
	b.dropOver(now, edition)
	state := &modelState{id: b.id, turns: b.turns}
	if b.sorted {
		state.names, state.newest = b.state.names, b.state.newest
	} else {
		b.sort()
		state.names, state.newest = b.names(), b.newest()
	}
	var all tally
	state.shares = make([]shareState, len(b.shares))
	for i, s := range b.shares {
		state.registrations += s.registrations
		all.add(s.tally)
		state.shares[i] = shareState{
			s.provider, s.registrations, s.newest.model, s.tally.listed(s.registrations), s.clients, s.free,
		}
	}
	state.available, state.listed = all.available(state.registrations), all.listed(state.registrations)
	if len(b.endings.items) > 0 && b.endings.items[0].ends != math.MaxInt64 {
		state.until = b.endings.items[0].ends
	}
	return state
}

// names lists the providers of a book that is sorted; nil for none.
func (b *book) names() []string {
	var names []string
	for _, s := range b.shares {
		if s.provider != "" {
			names = append(names, s.provider)
		}
	}
	return names
}

// newest returns the description of the client that was registered last.
func (b *book) newest() *catalogModel {
	newest := b.shares[0].newest
	for _, s := range b.shares[1:] {
		if s.newest.newer(newest.definition) {
			newest = s.newest
		}
	}
	return newest.model
}

// running returns the mark without the parts that are over, nil when nothing is left.
func running(mark *store.Mark, now int64) *store.Mark {
	over := func(p *store.MarkPart) bool { return p == nil || (p.Until != 0 && p.Until <= now) }
	switch {
	case mark == nil || (over(mark.Quota) && over(mark.Suspension)):
		return nil
	case over(mark.Quota):
		return &store.Mark{Suspension: mark.Suspension}
	case over(mark.Suspension):
		return &store.Mark{Quota: mark.Quota}
	}
	return mark
}
