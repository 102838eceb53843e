package registry_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// openURL opens a replica as a proxy does, by the URL of a server.
func openURL(t *testing.T, s *redistest.Server, id string) *registry.ModelRegistry {
	t.Helper()
	// A call that is under way when Redis goes away takes this long to say so.
	const limit = 10 * time.Second
	r, err := registry.Open(t.Context(), s.URL(), registry.Options{ReplicaID: id, OperationTimeout: limit, Logger: silence()})
	must(t, err)
	t.Cleanup(func() { _ = r.Close() }) // Redis may be gone
	return r
}

// TestPromise03AFailedOperationIsNotCarriedOutLater freezes Redis under a store. What the store sent meanwhile is read
// by Redis when it goes on, and refused.
func TestPromise03AFailedOperationIsNotCarriedOutLater(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	r := openURL(t, s, "a")
	must(t, r.RegisterClient(t.Context(), "c", "p", named("m", "n")))
	must(t, r.SetModelQuotaExceeded(t.Context(), "c", "n"))
	before := r.Position()
	st, err := store.Open(s.URL(), store.Options{Namespace: "default", Replica: "a"})
	must(t, err)
	defer st.Close()
	_, err = st.Head(t.Context()) // it knows the server's time now
	must(t, err)

	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	operations := []func() error{
		func() error {
			_, err := st.SetQuota(ctx, store.Quota{Client: "c", Model: "m", Window: time.Hour, Longest: time.Hour})
			return err
		},
		func() error { _, err := st.ClearQuota(ctx, "c", "n", "", before); return err },
		func() error { _, err := st.Suspend(ctx, store.Suspension{Client: "c", Model: "m"}); return err },
		func() error { _, err := st.Unregister(ctx, "c", "", store.Position{}); return err },
		func() error { return st.Release(ctx) },
	}
	var all sync.WaitGroup
	for i, do := range operations {
		all.Go(func() {
			if err := do(); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("operation %d: error %v, want ErrUnavailable", i, err)
			}
		})
	}
	all.Wait()
	eventually(t, "the replica has noticed", func() bool { return !r.Health().Connected })
	s.Thaw(t)
	eventually(t, "it is back", func() bool { return r.Health().Connected })
	length, err := s.Admin(t).XLen(t.Context(), "rollcall:{default}:feed").Result()
	must(t, err)
	if after := r.Position(); after != before || uint64(length) != before.Revision {
		t.Errorf("from %s to %s, with %d entries in the feed", before, after, length)
	}
}

// TestPromise06ReadsGoOnWithoutRedis kills Redis. All answers stay, and Health says since when they may be old. When
// Redis comes back, empty, the replica brings its clients again.
func TestPromise06ReadsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	ctx := t.Context()
	r := openURL(t, s, "a")
	must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
	must(t, r.SuspendClientModel(ctx, "c", "n", "manual"))
	eventually(t, "the view is fed", func() bool { h := r.Health(); return h.Connected && !h.Stale })
	u := universe{[]string{"c"}, []string{"m", "n"}, []string{"p"}, handlers}
	before := u.ask(r)

	s.Kill(t)
	killed := time.Now()
	eventually(t, "the replica has noticed", func() bool { return !r.Health().Connected })
	for range 100 {
		if diff := before.differences(u.ask(r)); diff != "" {
			t.Fatalf("answers changed:\n%s", diff)
		}
		least := time.Since(killed)
		if h := r.Health(); h.Connected || !h.Stale || h.Age < least || h.LastError == nil {
			t.Fatalf("%v after the end of Redis: %+v", least, h)
		}
	}

	s.Restart(t)
	c := s.Admin(t)
	eventually(t, "Redis has the client and its mark again", func() bool {
		if diff := before.differences(u.ask(r)); diff != "" {
			t.Fatalf("answers changed:\n%s", diff)
		}
		return c.HLen(ctx, "rollcall:{default}:clients").Val() == 1 && c.HLen(ctx, "rollcall:{default}:marks").Val() == 1
	})
	eventually(t, "the view is fed again", func() bool { h := r.Health(); return h.Connected && !h.Stale })
}

// TestPromise16WritesWait kills Redis. Writes show in the own view at once, wait, the later one about the same thing in
// place of the earlier, and reach Redis and the other replica when it is back.
func TestPromise16WritesWait(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	ctx := t.Context()
	a, b := openURL(t, s, "a"), openURL(t, s, "b")
	must(t, a.RegisterClient(ctx, "c", "p", named("m", "n")))
	must(t, b.Sync(ctx))
	s.Kill(t)
	eventually(t, "the replica has noticed", func() bool { return !a.Health().Connected })
	for _, write := range []func() error{
		func() error { return a.RegisterClient(ctx, "d", "p", named("draft")) },
		func() error { return a.RegisterClient(ctx, "d", "p", named("m", "x")) },
		func() error { return a.SetModelQuotaExceeded(ctx, "c", "m") },
		func() error { return a.SuspendClientModel(ctx, "c", "n", "manual") },
		func() error { return a.ResumeClientModel(ctx, "c", "n") },
	} {
		if err := write(); !errors.Is(err, registry.ErrPending) {
			t.Errorf("error %v, want ErrPending", err)
		}
	}
	if err := a.SetModelQuotaExceeded(ctx, "c", "none"); !errors.Is(err, registry.ErrNotRegistered) {
		t.Errorf("error %v, want ErrNotRegistered", err)
	}
	done := func(r *registry.ModelRegistry) bool {
		return shows(r, "m", "n", "x") && r.GetModelCount("m") == 1 && r.GetModelCount("n") == 1
	}
	if h := a.Health(); !done(a) || h.Pending != 3 {
		t.Errorf("a lists %q with %d writes waiting, want 3", ids(a.GetAvailableModelInfos()), h.Pending)
	}

	s.Restart(t)
	eventually(t, "b shows what a wrote", func() bool {
		if !done(a) {
			t.Fatalf("a lists %q", ids(a.GetAvailableModelInfos()))
		}
		return done(b) && a.Health().Pending == 0
	})
	if h := a.Health(); h.Refused != 0 {
		t.Errorf("%d writes were refused", h.Refused)
	}
}
