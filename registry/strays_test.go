package registry_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
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
		<-time.After(20 * time.Second) // more than another lease
		held("later", "a", "a", "other")
	})
}

// TestRegisteredWhileStraysGo: what is registered while an earlier process' holds are given up stays, whether its turn has
// come or is to come.
func TestRegisteredWhileStraysGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dead, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		crashed, err := registry.New(ctx, dead.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer crashed.Close()
		all := []string{"one", "two", "three"}
		for _, id := range all {
			must(t, crashed.RegisterClient(ctx, id, "p", named(id)))
		}
		dead.on.Store(true)

		release, armed := []byte(redis.NewScript(scripts.Source("release")).Hash()), atomic.Bool{}
		held, goOn := make(chan string), make(chan struct{})
		network := &tap{sent: func(b []byte) {
			if bytes.Contains(b, release) && armed.CompareAndSwap(true, false) {
				held <- all[slices.IndexFunc(all, func(id string) bool { return bytes.Contains(b, []byte("\r\n"+id+"\r\n")) })]
				<-goOn
			}
		}}
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		armed.Store(true)
		given := <-held
		var late []string // those that have to wait until it is given up
		for _, id := range all {
			if registry.ShareLock(a, id, given) {
				late = append(late, id)
			} else {
				must(t, a.RegisterClient(ctx, id, "p", named(id)))
			}
		}
		registered := make(chan error)
		for _, id := range late {
			go func() { registered <- a.RegisterClient(ctx, id, "p", named(id)) }()
		}
		close(goOn)
		for range late {
			must(t, <-registered)
		}
		<-time.After(20 * time.Second) // more than a lease
		if !shows(a, "one", "three", "two") {
			t.Errorf("there is %q", ids(a.GetAvailableModelInfos()))
		}
	})
}

// TestANameIsNotTakenFromTheLiving, however much shorter the newcomer's lease is: one that lives renews its own lease in
// its own time.
func TestANameIsNotTakenFromTheLiving(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		old := openReplica(t, s, "default", "a", registry.Options{LeaseTTL: 30 * time.Second})
		must(t, old.RegisterClient(ctx, "c", "p", named("m")))
		_, err := registry.New(ctx, s.Client(t), registry.Options{ReplicaID: "a", LeaseTTL: time.Second, Logger: silence()})
		var refused *registry.InvalidError
		if !errors.As(err, &refused) || refused.Field != "Options.ReplicaID" {
			t.Errorf("the newcomer got %v", err)
		}
		<-time.After(40 * time.Second) // of the bubble, more than its lease
		if !shows(old, "m") || !old.Health().Connected {
			t.Errorf("the living one shows %q", ids(old.GetAvailableModelInfos()))
		}
	})
}
