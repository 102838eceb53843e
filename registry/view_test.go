package registry_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

const fewClients = 5

// viewWorld is large enough for every list that a view keeps in pieces to have several of them.
type viewWorld struct {
	*rand.Rand
	t        *testing.T
	view     *registry.View
	catalogs map[string][]*registry.ModelInfo
	shared   registry.Catalogs // the same, as the view has them
	clients  []string
	models   []string
	revision uint64
	few      bool // all changes are about few clients, so that nobody is left to serve a model
}

func newViewWorld(t *testing.T) *viewWorld {
	w := &viewWorld{
		Rand: rand.New(rand.NewPCG(3, 4)), t: t, view: registry.NewView(), catalogs: make(map[string][]*registry.ModelInfo),
	}
	for i := range 80 {
		w.clients = append(w.clients, fmt.Sprintf("c%d", i))
	}
	for i := range 90 {
		w.models = append(w.models, fmt.Sprintf("m%d", i))
	}
	for i := range 8 {
		var list []*registry.ModelInfo
		for _, n := range append(w.Perm(80)[:30], 80, 80+i) { // one in all, some in one
			list = append(list, &registry.ModelInfo{
				ID: w.models[n], Created: int64(n % 7), Description: fmt.Sprintf("as catalog %d has it", i),
			})
		}
		list[0].Created += int64(i) // its place by age depends on who came last
		w.catalogs[fmt.Sprint(i)] = append(list, list[1])
	}
	var err error
	w.shared, err = registry.DecodeCatalogs(w.catalogs)
	must(t, err)
	return w
}

// entry is a change, drawn at random: more clients come than go, and most changes are marks.
func (w *viewWorld) entry() store.Entry {
	w.revision++
	client := w.clients[w.IntN(len(w.clients))]
	if w.few {
		client = w.clients[w.IntN(fewClients)]
	}
	switch n := w.IntN(100); {
	case n < 12:
		return store.Entry{Kind: store.KindClient, Client: client, Record: &store.ClientRecord{
			Provider: []string{"", "p", "q", "r"}[w.IntN(4)], Digest: fmt.Sprint(w.IntN(len(w.catalogs))),
			RegisteredAt: int64(1 + w.IntN(1000)), Revision: w.revision,
		}}
	case n < 16:
		return store.Entry{Kind: store.KindGone, Client: client}
	}
	model := w.models[w.IntN(len(w.models))]
	switch w.IntN(4) {
	case 0, 1:
		model = w.models[80]
	case 2:
		model = "*"
	}
	return store.Entry{Kind: store.KindMark, Client: client, Marks: []store.PairMark{
		{Client: client, Model: model, Mark: w.mark()},
	}}
}

func (w *viewWorld) mark() *store.Mark {
	until := func() int64 { return time.Now().Add(time.Duration(w.IntN(4000)-200) * time.Millisecond).UnixMilli() }
	quota := &store.MarkPart{Until: until(), Source: store.SourceRetryAfter, Since: 1 + w.Int64N(1000), Setter: "me"}
	suspension := &store.MarkPart{
		Reason: []string{"quota", "manual"}[w.IntN(2)], Since: 1 + w.Int64N(1000), Setter: "me", Actor: []string{"", "Eve"}[w.IntN(2)],
	}
	if w.IntN(2) == 0 {
		suspension.Until = until()
	}
	switch w.IntN(5) {
	case 0:
		return nil
	case 1:
		return &store.Mark{Suspension: suspension}
	case 2:
		return &store.Mark{Quota: quota, Suspension: suspension}
	}
	return &store.Mark{Quota: quota}
}

// thin takes all clients away but the few, or all of them.
func (w *viewWorld) thin(but int) {
	for _, client := range w.clients[but:] {
		must(w.t, registry.Change(w.view, w.shared, store.Entry{Kind: store.KindGone, Client: client}))
	}
}

// TestViewByDifferences: a view that took in one change after the other answers as one does that is made of the outcome,
// also when nobody published what time has changed; and what readers hold of it meanwhile stays as it is.
func TestViewByDifferences(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newViewWorld(t)
		u := universe{clients: w.clients, models: w.models, providers: []string{"p", "q", "r", "s"}, handlers: handlers}
		listed := 0
		for round := range 80 {
			moment := registry.Moment(w.view)
			switch round % 20 {
			case 8, 19:
				w.thin(0)
			case 10:
				w.thin(fewClients)
			}
			w.few = round%20 >= 10
			for range 1 + w.IntN(60) {
				var entries []store.Entry
				for range 1 + w.IntN(3) {
					entries = append(entries, w.entry())
				}
				must(t, registry.Change(w.view, w.shared, entries...))
			}
			if w.IntN(2) == 0 {
				time.Sleep(time.Duration(w.IntN(500)) * time.Millisecond) // the clock of the bubble
			}
			if w.IntN(2) == 0 && !registry.Expire(w.view) {
				t.Fatalf("round %d: not all that was due was published at once", round)
			}
			if !moment() {
				t.Fatalf("round %d: what a reader held was changed", round)
			}
			listed += len(w.view.GetAvailableModelInfos())
			anew, err := registry.Anew(w.view, w.catalogs)
			must(t, err)
			if text := u.ask(anew).differences(u.ask(w.view)); text != "" {
				t.Fatalf("round %d:\n%s", round, text)
			}
		}
		if listed < 80*len(w.models)/4 {
			t.Fatalf("only %d models were listed in all rounds: that is too little to compare", listed)
		}
	})
}
