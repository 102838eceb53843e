package registry

import (
	"cmp"
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
}

// newer orders definitions by when they were registered. Revisions part those of one millisecond.
func (d *definition) newer(than *definition) bool {
	if than == nil {
		return true
	}
	return cmp.Or(cmp.Compare(d.registeredAt, than.registeredAt), cmp.Compare(d.revision, than.revision),
		cmp.Compare(d.client, than.client)) > 0
}

// supply is a model as one client supplies it.
type supply struct {
	*definition
	model *catalogModel
}

// book is what the writer of a view keeps of a model, to work out its next modelState.
type book struct {
	id        string
	suppliers map[string]supply      // by client
	marks     map[string]*store.Mark // by client, of clients that supply the model
	counts    map[string]int         // registrations by provider
	newest    map[string]supply      // by provider; the entry "" is over all of them
	stale     bool                   // newest must be looked up again: its client went
	state     *modelState            // as published last; nil: not listed in the index
	place     int                    // in the heap of expiries; -1: not there
}

func newBook(id string) *book {
	return &book{
		id: id, suppliers: make(map[string]supply), marks: make(map[string]*store.Mark),
		counts: make(map[string]int), newest: make(map[string]supply), place: -1,
	}
}

func (b *book) add(s supply, mark *store.Mark) {
	b.suppliers[s.client] = s
	b.counts[s.provider] += s.model.copies
	b.offer("", s)
	if s.provider != "" {
		b.offer(s.provider, s)
	}
	if mark != nil {
		b.marks[s.client] = mark
	}
}

func (b *book) offer(provider string, s supply) {
	if s.newer(b.newest[provider].definition) {
		b.newest[provider] = s
	}
}

func (b *book) remove(client string) {
	s := b.suppliers[client]
	delete(b.suppliers, client)
	delete(b.marks, client)
	if b.counts[s.provider] -= s.model.copies; b.counts[s.provider] == 0 {
		delete(b.counts, s.provider)
	}
	if b.newest[""].client == client || b.newest[s.provider].client == client {
		b.stale = true
	}
}

// dropOver forgets the parts of marks that are over.
func (b *book) dropOver(now int64) {
	for client, mark := range b.marks {
		if left := running(mark, now); left == nil {
			delete(b.marks, client)
		} else {
			b.marks[client] = left
		}
	}
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

// next works out the state to publish; nil when nobody supplies the model.
func (b *book) next(now int64) *modelState {
	if len(b.suppliers) == 0 {
		return nil
	}
	if b.stale {
		b.stale = false
		clear(b.newest)
		for _, s := range b.suppliers {
			b.offer("", s)
			if s.provider != "" {
				b.offer(s.provider, s)
			}
		}
	}
	b.dropOver(now)
	state := &modelState{id: b.id, newest: b.newest[""].model}
	for name, count := range b.counts {
		state.registrations += count
		if name != "" {
			state.providers = append(state.providers, providerState{name, count, b.newest[name].model})
		}
	}
	slices.SortFunc(state.providers, func(p, q providerState) int {
		return cmp.Or(cmp.Compare(q.registrations, p.registrations), cmp.Compare(p.name, q.name))
	})
	for _, p := range state.providers {
		state.names = append(state.names, p.name)
	}
	if len(b.marks) > 0 {
		state.marks = make([]pairState, 0, len(b.marks))
		for client, mark := range b.marks {
			state.marks = append(state.marks, newPairState(b.suppliers[client].provider, mark))
		}
	}
	state.settle(now)
	return state
}
