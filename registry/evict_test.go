package registry_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestEvictedForEverybody: an evicted client is gone on every replica, however these bring their clients back, until
// somebody registers it; then only that replica holds it.
func TestEvictedForEverybody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		log, logged := logtest.NewNullLogger()
		b := openReplica(t, s, ns, "b", registry.Options{Logger: log})
		for _, r := range []*registry.ModelRegistry{a, b} {
			must(t, r.RegisterClient(ctx, "c", "p", named("m")))
			must(t, r.RegisterClient(ctx, "d", "p", named("n")))
		}
		must(t, a.SuspendClientModel(ctx, "c", "*", "401"))
		must(t, a.EvictClient(registry.WithActor(ctx, "alice"), "c"))
		if !shows(a, "n") {
			t.Errorf("a lists %q", ids(a.GetAvailableModelInfos()))
		}
		must(t, b.Sync(ctx))
		eventually(t, "b does not hold it", func() bool { return !registry.Holds(b, "c") })
		told := func(e *logrus.Entry) bool { return e.Data["client"] == "c" && e.Data["by"] == "alice" }
		if all := logged.AllEntries(); !slices.ContainsFunc(all, told) {
			t.Errorf("b logged %v", all)
		}
		if !shows(b, "n") || registry.Holds(a, "c") || !registry.Holds(b, "d") {
			t.Errorf("b lists %q", ids(b.GetAvailableModelInfos()))
		}

		must(t, b.RegisterClient(ctx, "c", "p", named("m")))
		must(t, a.Sync(ctx))
		if holders := registry.Holders(a, "c"); len(holders) != 1 || holders[0] != "b" || a.GetModelCount("m") != 1 {
			t.Errorf("held by %v, count %d", holders, a.GetModelCount("m"))
		}
		if !registry.Holds(b, "c") {
			t.Error("b does not hold what it registered")
		}
	})
}

// TestEvictedWhileAway cuts a holder off until its lease is over, evicts its client, and lets it come back: it joins
// again and brings its other client, and not this one.
func TestEvictedWhileAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		must(t, a.RegisterClient(ctx, "d", "p", named("n")))
		network.on.Store(true)
		<-time.After(20 * time.Second) // of the bubble, more than a lease
		must(t, b.EvictClient(ctx, "c"))
		network.on.Store(false)
		eventually(t, "a is back with d", func() bool { must(t, b.Sync(ctx)); return shows(b, "n") && a.Health().Connected })
		eventually(t, "a holds c no more", func() bool { return !registry.Holds(a, "c") && shows(a, "n") })
	})
}

// TestEvictedMissedInTheFeed: who did not see the entry learns of the eviction when it reads the namespace anew.
func TestEvictedMissedInTheFeed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		r := openReplica(t, s, "ns", "a", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		again := registry.Missing(r, "c")
		must(t, r.EvictClient(ctx, "c"))
		again()
		must(t, r.Sync(ctx))
		must(t, registry.Resync(r, ctx))
		if registry.Holds(r, "c") {
			t.Error("it still holds the client")
		}
	})
}

// TestEvictionBesideARegistration: the feed may tell of an eviction before or after this replica hears how its own
// registration went; the later one of them counts.
func TestEvictionBesideARegistration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		registered, evicted uint64
		late, holds         bool // late: the reply to the registration
	}{{5, 4, false, true}, {5, 6, false, false}, {5, 4, true, true}, {5, 6, true, false}} {
		if got := registry.HoldsAfter(c.registered, c.evicted, c.late); got != c.holds {
			t.Errorf("%+v: holds it is %v", c, got)
		}
	}
}

// TestEvictWaits: an eviction without Redis shows at once, and takes what waited about the client with it; a
// registration behind it stays.
func TestEvictWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		for _, client := range []string{"c", "d"} {
			must(t, b.RegisterClient(ctx, client, "p", named(client)))
			must(t, a.RegisterClient(ctx, client, "p", named(client)))
		}
		network.on.Store(true)
		for _, err := range []error{
			a.SetModelQuotaExceeded(ctx, "c", "c"), a.RegisterClient(ctx, "c", "q", named("x")), a.EvictClient(ctx, "c"),
			a.EvictClient(ctx, "d"), a.RegisterClient(ctx, "d", "p", named("y")),
		} {
			if !errors.Is(err, registry.ErrPending) {
				t.Errorf("error %v, want ErrPending", err)
			}
		}
		if h := a.Health(); h.Pending != 3 || !shows(a, "y") {
			t.Errorf("%d writes wait, a lists %q", h.Pending, ids(a.GetAvailableModelInfos()))
		}
		network.on.Store(false)
		eventually(t, "all is there", func() bool {
			must(t, b.Sync(ctx))
			return a.Health().Pending == 0 && !a.Health().Stale && shows(a, "y") && shows(b, "y")
		})
		if h := a.Health(); h.Refused != 0 || !registry.Holds(a, "d") || registry.Holds(b, "d") || registry.Holds(b, "c") {
			t.Errorf("refused %d", h.Refused)
		}
	})
}

// TestReleaseClientLeavesMarksWaiting: unlike the end of a registration, and only with the last hold.
func TestReleaseClientLeavesMarksWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		for _, r := range []*registry.ModelRegistry{a, b} {
			must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		}
		must(t, a.SuspendClientModel(ctx, "c", "m", "401"))
		must(t, a.ReleaseClient(ctx, "c"))
		must(t, b.Sync(ctx))
		if got := b.ClientModelStatus("c", "m"); got.Reason != "401" || registry.Holds(a, "c") {
			t.Errorf("held by b: %+v", got)
		}
		must(t, b.ReleaseClient(ctx, "c"))
		if b.ClientSupportsModel("c", "m") {
			t.Error("it is still there")
		}
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		if got := a.ClientModelStatus("c", "m"); got.Reason != "401" {
			t.Errorf("after its return: %+v", got)
		}
		must(t, b.Sync(ctx))
		at := b.Position()
		must(t, b.ReleaseClient(ctx, "c")) // which it does not hold
		must(t, b.Sync(ctx))
		if len(a.GetModelsForClient("c")) != 1 || b.Position() != at {
			t.Errorf("another's hold ended, at %s, before at %s", b.Position(), at)
		}
	})
}
