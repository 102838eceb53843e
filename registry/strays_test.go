package registry_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestWhatAnEarlierProcessHeldEnds: a process that takes over the name of one that crashed has a lease's time to register
// again what that one held. The rest goes, and its marks wait; what it registers late, or others hold, stays.
func TestWhatAnEarlierProcessHeldEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		other := openReplica(t, s, "default", "other", registry.Options{})
		crashed, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer crashed.Close()
		for _, id := range []string{"kept", "left", "shared"} {
			must(t, crashed.RegisterClient(ctx, id, "p", named(id)))
		}
		must(t, crashed.SuspendClientModel(ctx, "left", "left", "broken"))
		must(t, other.RegisterClient(ctx, "shared", "p", named("shared")))
		network.on.Store(true) // it is never heard of again

		a := openReplica(t, s, "default", "a", registry.Options{})
		held := func(when, kept, left, shared string) {
			t.Helper()
			must(t, other.Sync(ctx))
			for id, want := range map[string]string{"kept": kept, "left": left, "shared": shared} {
				holders := registry.Holders(other, id)
				slices.Sort(holders)
				if got := strings.Join(holders, " "); got != want {
					t.Errorf("%s: %s is held by %q, want %q", when, id, got, want)
				}
			}
		}
		held("right after the start", "a", "a", "a other")
		<-time.After(10 * time.Second) // of the bubble: less than a lease
		held("within a lease", "a", "a", "a other")
		must(t, a.RegisterClient(ctx, "kept", "p", named("kept")))
		<-time.After(11 * time.Second) // a lease and a heartbeat are over
		held("after a lease", "a", "", "other")
		must(t, a.RegisterClient(ctx, "left", "p", named("left")))
		if state := a.ClientModelStatus("left", "left").State; state != registry.StateSuspended {
			t.Errorf("back again it is %s", state)
		}
		<-time.After(time.Minute)
		held("later", "a", "a", "other")
	})
}
