package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// localWants: the local view has these clients, at the place where the whole one stands, and the registry's picks of own
// clients come from it.
func localWants(t *testing.T, r *registry.ModelRegistry, want ...string) {
	t.Helper()
	local := r.Local()
	var clients []string
	for _, c := range local.Clients() {
		clients = append(clients, c.ClientID)
	}
	if !slices.Equal(clients, want) || local.GetModelCount("m") != len(want) {
		t.Fatalf("the local view has %v, and %d times the model; want %v", clients, local.GetModelCount("m"), want)
	}
	if local.Position() != r.Position() {
		t.Fatalf("the local view stands at %v, the whole one at %v", local.Position(), r.Position())
	}
	client, ok := r.PickClient("m", registry.PickOptions{Local: true})
	if ok != (len(want) > 0) || ok && !slices.Contains(want, client) {
		t.Fatalf("picked %q, %t of %v", client, ok, want)
	}
}

// TestLocalFollowsHolds: a client is in the local view while this replica holds it, whoever registered it and whatever
// the others do, and after everything was read anew.
func TestLocalFollowsHolds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ns, ctx := redistest.Namespace(t), t.Context()
		o := registry.Options{}
		a, b := openReplica(t, s, ns, "a", o), openReplica(t, s, ns, "b", o)
		o.Observer = true
		observer := openReplica(t, s, ns, "observer", o)
		sync := func() {
			for _, r := range []*registry.ModelRegistry{a, b, observer} {
				must(t, r.Sync(ctx))
			}
		}
		localWants(t, a)
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		localWants(t, a, "c")
		must(t, b.RegisterClient(ctx, "d", "p", named("m")))
		sync()
		localWants(t, a, "c")
		localWants(t, b, "d")
		localWants(t, observer)

		must(t, b.RegisterClient(ctx, "c", "p", named("m"))) // joins
		sync()
		localWants(t, a, "c")
		localWants(t, b, "c", "d")
		generation := a.Local().GetGeneration()
		must(t, b.UnregisterClient(ctx, "d"))
		sync()
		if now := a.Local().GetGeneration(); now != generation {
			t.Errorf("another's client moved the generation of the local view from %d to %d", generation, now)
		}
		must(t, a.UnregisterClient(ctx, "c")) // b still holds it
		localWants(t, a)
		sync()
		localWants(t, b, "c")

		must(t, b.SetModelQuotaExceeded(ctx, "c", "*"))
		sync()
		must(t, a.RegisterClient(ctx, "c", "p", named("m"))) // comes with the mark that b set
		if status := a.Local().ClientModelStatus("c", "m"); status.State != registry.StateCooling || !status.WholeClient {
			t.Errorf("joined, and the status is %+v", status)
		}
		must(t, a.ClearModelQuotaExceeded(ctx, "c", "*"))
		sync()
		for _, r := range []*registry.ModelRegistry{a, b} {
			must(t, registry.Resync(r, ctx))
			localWants(t, r, "c")
		}
		must(t, a.Close())
		must(t, b.Sync(ctx))
		localWants(t, b, "c")
	})
}

// TestLocalShowsWhatWaits: a write that waits for Redis is in the local view, too.
func TestLocalShowsWhatWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		network, ctx := &mute{}, t.Context()
		a := openOn(t, network.client(t, s), "ns", "a", registry.Options{})
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		localWants(t, a, "c")
		network.on.Store(true)
		waits(t, a.RegisterClient(ctx, "d", "p", named("m")))
		localWants(t, a, "c", "d")
		waits(t, a.UnregisterClient(ctx, "c"))
		localWants(t, a, "d")
	})
}

// TestLocalMarksEnd: time ends marks in both views.
func TestLocalMarksEnd(t *testing.T) {
	t.Parallel()
	onBothMoving(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		a := openReplica(t, s, redistest.Namespace(t), "a", registry.Options{})
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		localWants(t, a, "c")
		must(t, a.SetModelQuotaExceeded(ctx, "c", "*"))
		if n := a.Local().GetModelCount("m"); n != 0 {
			t.Fatalf("counted %d", n)
		}
		before := a.Local().GetGeneration()
		moveClock(t, s, 5*time.Minute)
		must(t, a.Sync(ctx))
		localWants(t, a, "c")
		if now := a.Local().GetGeneration(); now == before {
			t.Errorf("the mark ended, and the generation is still %d", now)
		}
	})
}
