package registry_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// plainView is what a view has been told, to work answers out from one by one.
type plainView struct {
	*viewWorld
	known map[string]*plainClient
	seen  map[string]int
}

type plainClient struct {
	record store.ClientRecord
	marks  map[string]*store.Mark
}

func (p *plainView) hear(entry store.Entry) {
	switch c := p.known[entry.Client]; {
	case entry.Kind == store.KindClient && c != nil:
		c.record = *entry.Record
	case entry.Kind == store.KindClient:
		p.known[entry.Client] = &plainClient{*entry.Record, map[string]*store.Mark{}}
	case entry.Kind == store.KindGone:
		delete(p.known, entry.Client)
	case entry.Kind == store.KindMark && c != nil:
		c.marks[entry.Marks[0].Model] = entry.Marks[0].Mark
	case entry.Kind == store.KindJoined && c != nil && !slices.Contains(c.record.Holders, entry.Holder):
		c.record.Holders = append(slices.Clone(c.record.Holders), entry.Holder)
	case entry.Kind == store.KindReleased:
		if c := p.known[entry.Released[0].Client]; c != nil {
			others := func(h string) bool { return h == entry.Holder }
			c.record.Holders = slices.DeleteFunc(slices.Clone(c.record.Holders), others)
		}
	}
}

func (p *plainView) copies(c *plainClient, model string) (n int) {
	for _, m := range p.catalogs[c.record.Digest] {
		n += one(m.ID == model)
	}
	return n
}

// reason is what keeps a client from a model.
type reason struct {
	*store.MarkPart
	quota, whole bool
}

func (r reason) cools() bool { return r.quota || strings.EqualFold(r.Reason, "quota") }
func (r reason) outlasts(s reason) bool {
	return s.Until != 0 && (r.Until == 0 || r.Until > s.Until)
}

// reasons are all that keep a client from a model now.
func (p *plainView) reasons(c *plainClient, model string) (all []reason) {
	now := time.Now().UnixMilli()
	for _, of := range []string{model, "*"} {
		mark := c.marks[of]
		if mark == nil {
			continue
		}
		if mark.Quota != nil && mark.Quota.Until > now {
			all = append(all, reason{mark.Quota, true, of == "*"})
		}
		if s := mark.Suspension; s != nil && (s.Until == 0 || s.Until > now) {
			all = append(all, reason{s, false, of == "*"})
		}
	}
	if model == "*" {
		all = all[:len(all)/2] // heard twice
	}
	return all
}

func (p *plainView) status(client, model string) registry.ClientModelStatus {
	c := p.known[client]
	if c == nil || model != "*" && p.copies(c, model) == 0 {
		return registry.ClientModelStatus{State: registry.StateUnregistered}
	}
	decides, all := reason{}, p.reasons(c, model)
	for _, r := range all {
		if decides.MarkPart == nil || decides.cools() && !r.cools() || decides.cools() == r.cools() && r.outlasts(decides) {
			decides = r
		}
	}
	if decides.MarkPart == nil {
		return registry.ClientModelStatus{State: registry.StateAvailable}
	}
	status := registry.ClientModelStatus{
		State: registry.StateSuspended, Reason: decides.Reason, Source: registry.QuotaSource(decides.Source),
		SetBy: decides.Setter, Since: time.UnixMilli(decides.Since).UTC(), WholeClient: model == "*" || decides.whole,
	}
	if decides.cools() {
		status.State = registry.StateCooling
	}
	if decides.Until != 0 {
		status.Until = time.UnixMilli(decides.Until).UTC()
	}
	if decides.Actor != "" {
		status.SetBy = decides.Actor
	}
	return status
}

// model counts one by one; back is when the first client returns.
func (p *plainView) model(model string) (status registry.ModelStatus, available []string, registrations int) {
	status.ModelID = model
	providers := map[string]*registry.StateCounts{}
	var first int64
	for _, id := range p.clients {
		c := p.known[id]
		if c == nil || p.copies(c, model) == 0 {
			continue
		}
		registrations += p.copies(c, model)
		counts := providers[c.record.Provider]
		if counts == nil {
			counts = new(registry.StateCounts)
			providers[c.record.Provider] = counts
		}
		state, back := p.status(id, model).State, int64(0)
		for _, r := range p.reasons(c, model) {
			if r.Until == 0 || back < 0 {
				back = -1
			} else {
				back = max(back, r.Until)
			}
		}
		if back > 0 && (first == 0 || back < first) {
			first = back
		}
		for _, counts := range []*registry.StateCounts{counts, &status.StateCounts} {
			counts.Clients++
			counts.Available += one(state == registry.StateAvailable)
			counts.Cooling += one(state == registry.StateCooling)
			counts.Suspended += one(state == registry.StateSuspended)
		}
		if state == registry.StateAvailable {
			available = append(available, id)
		}
	}
	for _, provider := range []string{"", "p", "q", "r"} {
		if counts := providers[provider]; counts != nil {
			status.Providers = append(status.Providers, registry.ProviderStatus{Provider: provider, StateCounts: *counts})
		}
	}
	if first != 0 {
		status.Recovery, status.RecoversIn = time.UnixMilli(first).UTC(), time.Until(time.UnixMilli(first))
	}
	slices.Sort(available)
	return status, available, registrations
}

// compare asks for all that is known of marks.
func (p *plainView) compare(view *registry.View) {
	p.t.Helper()
	for _, model := range append([]string{"none"}, p.models...) {
		status, available, registrations := p.model(model)
		if got := view.ModelStatus(model); !reflect.DeepEqual(got, status) {
			p.t.Fatalf("model %s:\n got %+v\nwant %+v", model, got, status)
		}
		if got := view.AvailableClients(model); !slices.Equal(got, available) {
			p.t.Fatalf("clients of %s: got %v, want %v", model, got, available)
		}
		unavailable := status.Cooling + status.Suspended
		if got := view.GetModelCount(model); got != max(0, registrations-unavailable) {
			p.t.Fatalf("count of %s: got %d, want %d less %d", model, got, registrations, unavailable)
		}
	}
	for range 200 {
		client, model := p.clients[p.IntN(len(p.clients))], p.anyModel()
		got, want := view.ClientModelStatus(client, model), p.status(client, model)
		if got != want {
			p.t.Fatalf("%s, %s:\n got %+v\nwant %+v", client, model, got, want)
		}
		p.seen[fmt.Sprint(want.State, " whole client: ", want.WholeClient)]++
	}
	p.compareClients(view)
	for range 10 {
		p.comparePicks(view, p.anyModel())
	}
}

func (p *plainView) compareClients(view *registry.View) {
	p.t.Helper()
	want := []registry.ClientStatus{}
	for _, id := range slices.Sorted(maps.Keys(p.known)) {
		c := p.known[id]
		status := registry.ClientStatus{
			ClientID: id, Provider: c.record.Provider, Holders: slices.AppendSeq([]string{}, slices.Values(c.record.Holders)),
			RegisteredAt: time.UnixMilli(c.record.RegisteredAt).UTC(), Marks: []registry.ClientMark{},
		}
		slices.Sort(status.Holders)
		for _, m := range p.catalogs[c.record.Digest] {
			if !slices.Contains(status.Models, m.ID) {
				status.Models = append(status.Models, m.ID)
			}
		}
		for _, model := range slices.Sorted(maps.Keys(c.marks)) {
			mark := registry.ClientMark{ModelID: model}
			for _, r := range p.reasons(c, model) {
				part := &registry.MarkPart{
					Reason: r.Reason, Source: registry.QuotaSource(r.Source), Since: time.UnixMilli(r.Since).UTC(),
					SetBy: cmp.Or(r.Actor, r.Setter),
				}
				if r.Until != 0 {
					part.Until = time.UnixMilli(r.Until).UTC()
				}
				switch {
				case r.whole && model != "*":
				case r.quota:
					mark.Quota = part
				default:
					mark.Suspension = part
				}
			}
			if (mark.Quota != nil || mark.Suspension != nil) && (model == "*" || p.copies(c, model) > 0) {
				status.Marks = append(status.Marks, mark)
			}
		}
		want = append(want, status)
		if got, ok := view.Client(id); !ok || !reflect.DeepEqual(got, status) {
			p.t.Fatalf("client %s:\n got %+v\nwant %+v", id, got, status)
		}
	}
	if got := view.Clients(); !reflect.DeepEqual(got, want) {
		p.t.Fatalf("clients:\n got %+v\nwant %+v", got, want)
	}
}

func (p *plainView) anyModel() string {
	return append(p.models, "*", "none", p.models[80])[p.IntN(len(p.models)+3)]
}

// comparePicks: whatever a pick is narrowed to, everybody who may be used has the same number of turns.
func (p *plainView) comparePicks(view *registry.View, model string) {
	p.t.Helper()
	opts := registry.PickOptions{}
	if p.IntN(2) == 0 {
		opts.Providers = [][]string{{"p"}, {"Q", "p"}, {"r", "s"}, {"", "r"}}[p.IntN(4)]
	}
	for range p.IntN(4) {
		opts.Exclude = append(opts.Exclude, p.clients[p.IntN(len(p.clients))])
	}
	_, available, _ := p.model(model)
	available = slices.DeleteFunc(available, func(client string) bool {
		wanted := func(provider string) bool { return strings.EqualFold(provider, p.known[client].record.Provider) }
		return slices.Contains(opts.Exclude, client) || opts.Providers != nil && !slices.ContainsFunc(opts.Providers, wanted)
	})
	const rounds = 2
	picked := map[string]int{}
	for range rounds * len(available) {
		client, ok := view.PickClient(model, opts)
		if !ok {
			p.t.Fatalf("nobody was picked for %s with %+v, there are %v", model, opts, available)
		}
		picked[client]++
	}
	for _, client := range available {
		if picked[client] != rounds {
			p.t.Fatalf("%s of %v had not %d turns for %s with %+v: %v", client, available, rounds, model, opts, picked)
		}
	}
	if client, ok := view.PickClient(model, opts); ok != (len(available) > 0) {
		p.t.Fatalf("picked %q for %s with %+v, there are %v", client, model, opts, available)
	}
}

// TestViewOfMarks: after any changes, and also when nobody published what time has changed, what a view says of marks is
// what comes out one by one; the same of the local view about the clients that this replica holds.
func TestViewOfMarks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newViewWorld(t)
		w.view = registry.NewViewOf("me")
		plain := &plainView{w, map[string]*plainClient{}, map[string]int{}}
		views := []*registry.View{w.view}
		for round := range 60 {
			for range 1 + w.IntN(60) {
				var entries []store.Entry
				for range 1 + w.IntN(3) {
					entries = append(entries, w.entryOfHolders())
					plain.hear(entries[len(entries)-1])
				}
				must(t, registry.Change(w.view, w.shared, entries...))
			}
			if round == 5 { // made from what is there; later it follows
				views = append(views, registry.Own(w.view))
			}
			registry.Expire(w.view)
			var before []instant
			for _, view := range views {
				before = append(before, instantOf(view))
			}
			time.Sleep(time.Duration(w.IntN(2)*w.IntN(500)) * time.Millisecond) // the clock of the bubble
			if w.IntN(2) == 0 && !registry.Expire(w.view) {
				t.Fatalf("round %d: not all that was due was published at once", round)
			}
			plain.compare(w.view)
			for i, view := range views {
				if now := instantOf(view); (now.generation == before[i].generation) != (now.clients == before[i].clients) {
					t.Fatalf("round %d, view %d: time moved the generation from %d to %d and the marks from\n%s to\n%s",
						round, i, before[i].generation, now.generation, before[i].clients, now.clients)
				}
			}
			if len(views) > 1 {
				plain.own("me").compare(views[1])
			}
		}
		for _, state := range []string{
			"available whole client: false", "cooling whole client: false", "suspended whole client: false",
			"cooling whole client: true", "suspended whole client: true",
		} {
			if plain.seen[state] < 50 {
				t.Errorf("%s: seen %d times only", state, plain.seen[state])
			}
		}
	})
}

// instant is what time changes of a view: the marks that run, and the generation with them.
type instant struct {
	generation uint64
	clients    string
}

func instantOf(view *registry.View) instant {
	text, err := json.Marshal(view.Clients())
	if err != nil {
		panic(err)
	}
	return instant{view.GetGeneration(), string(text)}
}

// entryOfHolders is a change as entry draws it, or of who holds a client.
func (w *viewWorld) entryOfHolders() store.Entry {
	entry := w.entry()
	client, holder := w.clients[w.IntN(len(w.clients))], []string{"me", "other"}[w.IntN(2)]
	switch n := w.IntN(20); {
	case n == 0:
		return store.Entry{Kind: store.KindJoined, Client: client, Holder: holder}
	case n == 1:
		return store.Entry{Kind: store.KindReleased, Holder: holder, Released: []store.Release{{Client: client}}}
	case entry.Kind == store.KindClient:
		entry.Record.Holders = [][]string{{"me"}, {"other"}, {"me", "other"}, {"other", "me"}}[w.IntN(4)]
	}
	return entry
}

// own is what a replica holds of it.
func (p *plainView) own(holder string) *plainView {
	own := &plainView{p.viewWorld, map[string]*plainClient{}, p.seen}
	for id, c := range p.known {
		if slices.Contains(c.record.Holders, holder) {
			own.known[id] = c
		}
	}
	return own
}
