package registry_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// next is the next event of a watch. Its limit is for machines that run many tests at once.
func next(t *testing.T, w *registry.Watcher) registry.Event {
	t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case e, ok := <-w.C():
		if !ok {
			t.Fatalf("the watch has ended: %v", w.Err())
		}
		return e
	case <-limit.C:
		t.Fatal("nothing is told")
	}
	panic("unreachable")
}

// told is the next event of a watch, in short.
func told(t *testing.T, w *registry.Watcher) string {
	t.Helper()
	return inShort(next(t, w))
}

func inShort(e registry.Event) string {
	text := string(e.Kind)
	switch e.Kind {
	case registry.EventClient:
		text = fmt.Sprintf("%s %s %s %q", e.Kind, e.ClientID, e.Provider, ids(e.Models))
	case registry.EventClientGone:
		text = fmt.Sprintf("%s %s %s", e.Kind, e.ClientID, e.Provider)
	case registry.EventMark:
		text = fmt.Sprintf("%s %s %s", e.Kind, e.ClientID, e.ModelID)
		if e.Quota != nil {
			text += fmt.Sprintf(" quota %s by %s", e.Quota.Source, e.Quota.SetBy)
		}
		if e.Suspension != nil {
			text += fmt.Sprintf(" suspended %s by %s", e.Suspension.Reason, e.Suspension.SetBy)
		}
	}
	return text
}

func expectTold(t *testing.T, w *registry.Watcher, want ...string) {
	t.Helper()
	for _, text := range want {
		if got := told(t, w); got != text {
			t.Fatalf("told %q, want %q", got, text)
		}
	}
}

// TestWatch tells the state, and then each change with its position.
func TestWatch(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a, b := openReplica(t, s, ns, "a", registry.Options{}), openReplica(t, s, ns, "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "d", "q", named("n", "m")))
		must(t, a.RegisterClient(ctx, "c", "p", named("m", "n", "m")))
		must(t, a.SuspendClientModel(ctx, "c", "n", "test"))
		must(t, a.SuspendClientModel(ctx, "c", "m", "test"))
		must(t, b.Sync(ctx))
		w := b.Watch(ctx)
		defer w.Close()
		expectTold(t, w, `client c p ["m" "n"]`, "mark c m suspended test by a", "mark c n suspended test by a",
			`client d q ["n" "m"]`, "synced")
		for _, step := range []struct {
			do   func() error
			want []string
		}{
			{func() error { return a.SetModelQuotaExceeded(ctx, "c", "m") },
				[]string{"mark c m quota heuristic by a suspended test by a"}},
			{func() error { return a.ResumeClientModel(ctx, "c", "m") }, []string{"mark c m quota heuristic by a"}},
			{func() error { return b.RegisterClient(ctx, "c", "p", named("m", "n", "m")) }, nil}, // joins
			{func() error { return b.SetModelQuotaExceeded(ctx, "d", "m") }, []string{"mark d m quota heuristic by b"}},
			{func() error { return a.RegisterClient(ctx, "d", "q2", named("x", "m")) },
				[]string{`client d q2 ["x" "m"]`, "mark d m"}},
			{func() error { return a.UnregisterClient(ctx, "d") }, []string{"client_gone d q2"}},
			{func() error { return a.UnregisterClient(ctx, "c") }, nil}, // b holds it
			{func() error { return b.UnregisterClient(ctx, "c") }, []string{"client_gone c p"}},
		} {
			must(t, a.Sync(ctx)) // a registration drops marks that its replica has seen
			must(t, b.Sync(ctx))
			must(t, step.do())
			must(t, b.Sync(ctx))
			for _, want := range step.want {
				e := next(t, w)
				if got := inShort(e); got != want || e.Position != b.Position() {
					t.Errorf("told %q at %s, want %q at %s", got, e.Position, want, b.Position())
				}
			}
		}
	})
}

// TestWatchEventsAreTheReceiversOwn: who changes what was told changes nothing else.
func TestWatchEventsAreTheReceiversOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		r := openReplica(t, s, "ns", "a", registry.Options{})
		must(t, r.RegisterClient(t.Context(), "c", "p", []*registry.ModelInfo{{ID: "m", SupportedParameters: []string{"tools"}}}))
		for range 2 {
			w := r.Watch(t.Context())
			e := next(t, w)
			if !slices.Equal(e.Models[0].SupportedParameters, []string{"tools"}) {
				t.Errorf("told %+v", e.Models[0])
			}
			e.Models[0].SupportedParameters[0] = "changed"
			w.Close()
		}
		if !slices.Equal(r.GetModelInfo("m").SupportedParameters, []string{"tools"}) {
			t.Errorf("the view shows %+v", r.GetModelInfo("m"))
		}
	})
}

// TestWatchKeepsTheOrderOfTheFeed compares what two replicas tell, while both write, with each other and with the feed.
func TestWatchKeepsTheOrderOfTheFeed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		replicas := []*registry.ModelRegistry{openReplica(t, s, ns, "a", registry.Options{}), openReplica(t, s, ns, "b", registry.Options{})}
		var mirrors []*mirror
		for _, r := range replicas {
			mirrors = append(mirrors, newMirror(t, r))
		}
		from := replicas[0].Position()
		must(t, replicas[0].WaitFor(ctx, replicas[1].Position()))
		var writing sync.WaitGroup
		for i, r := range replicas {
			for w := range 3 {
				writing.Go(func() { churn(t, r, fmt.Sprintf("%d-%d", i, w), 12) })
			}
		}
		writing.Wait()
		must(t, replicas[0].RegisterClient(ctx, "last", "p", named("m")))

		for i, m := range mirrors {
			must(t, replicas[i].Sync(ctx))
			wrong := m.await(func() bool { return m.last.ClientID == "last" })
			m.close()
			if wrong == "" {
				wrong = m.awaitView(replicas[i])
			}
			if wrong != "" {
				t.Fatalf("replica %d: %s", i, wrong)
			}
		}
		if !reflect.DeepEqual(mirrors[0].events, mirrors[1].events) {
			t.Errorf("the replicas told different things:\n%+v\n%+v", mirrors[0].events, mirrors[1].events)
		}
		var positions []registry.Position
		for _, e := range mirrors[0].events {
			if len(positions) == 0 || positions[len(positions)-1] != e.Position {
				positions = append(positions, e.Position)
			}
		}
		if feed := feedFrom(t, s, ns, from, replicas[0].Position()); !slices.Equal(positions, feed) {
			t.Errorf("told of %v, the feed has %v", positions, feed)
		}
	})
}

// feedFrom lists the positions of the entries after one up to another that a watch tells something of.
func feedFrom(t *testing.T, s *redistest.Server, ns string, after, to registry.Position) (list []registry.Position) {
	t.Helper()
	st, err := store.New(s.Client(t), store.Options{Namespace: ns, Replica: "reader"})
	must(t, err)
	defer st.Close()
	feed := st.Follow(after, st.Head)
	for after != to {
		entries, err := feed.Next(t.Context())
		must(t, err)
		for _, e := range entries {
			if after = e.Position; e.Kind != store.KindJoined && e.Kind != store.KindReleased {
				list = append(list, e.Position)
			}
		}
	}
	return list
}

// TestWatchThroughResync makes the view differ from Redis and reads it anew: the difference is told, and nothing else.
func TestWatchThroughResync(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		r := openReplica(t, s, redistest.Namespace(t), "a", registry.Options{})
		for _, client := range []string{"c", "d", "e"} {
			must(t, r.RegisterClient(ctx, client, "p", named("m", "n")))
			must(t, r.SetModelQuotaExceeded(ctx, client, "m"))
		}
		w := r.Watch(ctx)
		defer w.Close()
		for told(t, w) != "synced" {
		}
		must(t, registry.Resync(r, ctx)) // nothing differs
		registry.Apply(r, store.Entry{Kind: store.KindGone, Client: "d"})
		registry.Apply(r, store.Entry{Kind: store.KindMark, Client: "c", Marks: []store.PairMark{{Client: "c", Model: "m"}}})
		expectTold(t, w, "client_gone d p", "mark c m")
		must(t, registry.Resync(r, ctx))
		got := []string{told(t, w), told(t, w), told(t, w)}
		slices.Sort(got) // between clients a resync has no order
		want := []string{`client d p ["m" "n"]`, "mark c m quota heuristic by a", "mark d m quota heuristic by a"}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		must(t, r.ClearModelQuotaExceeded(ctx, "e", "m"))
		expectTold(t, w, "mark e m")
	})
}

// TestWatchThroughLoss takes all keys away. What comes back is the same, so nothing is told until something is written.
func TestWatchThroughLoss(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns, c := t.Context(), redistest.Namespace(t), s.Admin(t)
		a, b := openReplica(t, s, ns, "a", registry.Options{}), openReplica(t, s, ns, "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "of a", "p", named("m")))
		must(t, b.RegisterClient(ctx, "of b", "q", named("n")))
		must(t, a.SetModelQuotaExceeded(ctx, "of b", "n"))
		must(t, b.SuspendClientModel(ctx, "of a", "m", "test"))
		must(t, a.Sync(ctx))
		w := a.Watch(ctx)
		defer w.Close()
		for told(t, w) != "synced" {
		}
		before := a.Position()
		keys, err := c.Keys(ctx, "rollcall:{"+ns+"}:*").Result()
		must(t, err)
		must(t, c.Del(ctx, keys...).Err())
		eventually(t, "both are back", func() bool {
			return a.Position().Epoch != before.Epoch && b.Position().Epoch == a.Position().Epoch &&
				c.HLen(ctx, "rollcall:{"+ns+"}:clients").Val() == 2 && !a.Health().Stale && a.Sync(ctx) == nil
		})
		must(t, a.ResumeClientModel(ctx, "of a", "m"))
		e := next(t, w)
		if got := inShort(e); got != "mark of a m" || e.Position.Epoch == before.Epoch {
			t.Errorf("told %q at %s", got, e.Position)
		}
	})
}

// TestWatchWithoutRedis: writes that wait are told once, at the position where the view stands, and are there when
// they are through.
func TestWatchWithoutRedis(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		must(t, a.RegisterClient(ctx, "c", "p", named("m", "n")))
		m := newMirror(t, a)
		defer m.close()
		at := a.Position()
		network.on.Store(true)
		pending := func(err error) {
			t.Helper()
			if !errors.Is(err, registry.ErrPending) {
				t.Fatalf("error %v, want ErrPending", err)
			}
		}
		pending(a.SuspendClientModel(ctx, "c", "m", "test"))
		pending(a.RegisterClient(ctx, "c", "q", named("m")))
		pending(a.SetModelQuotaExceeded(ctx, "c", "m"))
		pending(a.RegisterClient(ctx, "d", "p", named("m")))
		if wrong := m.awaitView(a); wrong != "" {
			t.Fatal(wrong)
		}
		var got []string
		for _, e := range m.events {
			got = append(got, inShort(e))
			if e.Position != at {
				t.Errorf("%s at %s, the view stands at %s", inShort(e), e.Position, at)
			}
		}
		want := []string{"mark c m suspended test by a", "mark c m", `client c q ["m"]`, "mark c m quota heuristic by a",
			`client d p ["m"]`}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		must(t, b.RegisterClient(ctx, "e", "p", named("m")))
		network.on.Store(false)
		eventually(t, "nothing waits", func() bool { return a.Health().Pending == 0 && !a.Health().Stale })
		must(t, a.Sync(ctx))
		if wrong := m.awaitView(a); wrong != "" {
			t.Fatal(wrong)
		}
		for _, e := range m.events[len(want):] {
			if e.ClientID != "e" && (e.Kind != registry.EventMark || e.Quota == nil) {
				t.Errorf("told %s when the writes were through", inShort(e))
			}
		}
	})
}

// TestWatchTellsTheSlow: who does not read is told so, at the end; the view and the others go on.
func TestWatchTellsTheSlow(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		r := openReplica(t, s, "ns", "a", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		quick, slow := newMirror(t, r), r.Watch(ctx)
		defer quick.close()
		outrun(t, r, func() bool { return slow.Err() != nil })
		if !errors.Is(slow.Err(), registry.ErrSlow) {
			t.Errorf("it ended with %v", slow.Err())
		}
		events := 0
		for range slow.C() {
			events++
		}
		if events > 100 {
			t.Errorf("%d events were made before they were asked for", events)
		}
		slow.Close()
		if !errors.Is(slow.Err(), registry.ErrSlow) {
			t.Errorf("after Close: %v", slow.Err())
		}
		must(t, r.RegisterClient(ctx, "d", "p", named("m")))
		if wrong := quick.awaitView(r); wrong != "" {
			t.Error(wrong)
		}
	})
}

// TestWatchEnds in each of the ways it can.
func TestWatchEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		r := openReplica(t, s, "ns", "a", registry.Options{})
		must(t, r.RegisterClient(t.Context(), "c", "p", named("m")))
		ctx, cancel := context.WithCancel(t.Context())
		byClose, byContext, byRegistry := r.Watch(t.Context()), r.Watch(ctx), r.Watch(t.Context())
		if err := byClose.Err(); err != nil {
			t.Errorf("while it goes on: %v", err)
		}
		ends := func(how string, w *registry.Watcher, want error) {
			t.Helper()
			for range w.C() {
			}
			if err := w.Err(); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", how, err, want)
			}
			w.Close()
			if err := w.Err(); !errors.Is(err, want) {
				t.Errorf("%s, closed once more: %v, want %v", how, err, want)
			}
		}
		byClose.Close()
		ends("closed", byClose, nil)
		cancel()
		ends("by its context", byContext, context.Canceled)
		must(t, r.Close())
		ends("with the registry", byRegistry, registry.ErrClosed)
		late := r.Watch(t.Context())
		if e, ok := <-late.C(); ok {
			t.Errorf("a closed registry tells %+v", e)
		}
		ends("of a closed registry", late, registry.ErrClosed)
		if registry.Watched(r) {
			t.Error("the view takes notes that nobody wants")
		}
	})
}
