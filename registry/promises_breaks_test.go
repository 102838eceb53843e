package registry_test

import (
	"bytes"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// tap is a network on which a test holds up what passes. Its functions may be nil.
type tap struct {
	sent     func([]byte) // called with what is about to go to the server
	answered func()       // called when something has come from there
}

type tapConn struct {
	net.Conn
	tap *tap
}

func (c tapConn) Write(b []byte) (int, error) {
	if c.tap.sent != nil {
		c.tap.sent(b)
	}
	return c.Conn.Write(b)
}

func (c tapConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.tap.answered != nil {
		c.tap.answered()
	}
	return n, err
}

// client makes a client of a server in the bubble, behind the network.
func (p *tap) client(t *testing.T, s *redistest.Server) redis.UniversalClient {
	t.Helper()
	return through(t, s, func(c net.Conn) net.Conn { return tapConn{c, p} })
}

// TestPromise06AgeIsNeverUnderReported has every answer of Redis come late, while another replica writes: what the view
// does not show yet was acknowledged no longer ago than Health says.
func TestPromise06AgeIsNeverUnderReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		network := &tap{answered: func() { <-time.After(150 * time.Millisecond) }}
		far, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "far", Logger: silence()})
		must(t, err)
		defer far.Close()
		near := openReplica(t, s, "default", "near", registry.Options{})
		for n := range 40 {
			id := fmt.Sprint(n)
			must(t, near.RegisterClient(ctx, id, "p", named(id)))
			acknowledged := time.Now()
			for shown := false; !shown; <-time.After(time.Millisecond) {
				passed, h := time.Since(acknowledged), far.Health() // first: the view only gains meanwhile
				if shown = far.ClientSupportsModel(id, id); !shown && h.Age < passed {
					t.Fatalf("client %s was acknowledged %v ago and is not shown; the age is said to be %v", id, passed, h.Age)
				}
			}
			<-time.After(time.Duration(n) * 37 * time.Millisecond) // so that writes come at every point of the follower's round
		}
	})
}

// TestPromise10OnlyTheUnbrokenReap breaks a replica's connection while another one dies, and a third keeps Redis from
// looking as if it had been away. The first is back before the dead one's lease is over, and must not end it before it
// has been connected for a lease of its own.
func TestPromise10OnlyTheUnbrokenReap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		const lease = 15 * time.Second
		networks := [2]mute{}
		var replicas [2]*registry.ModelRegistry
		for i, id := range []string{"a", "dies"} {
			var err error
			replicas[i], err = registry.New(ctx, networks[i].client(t, s), registry.Options{ReplicaID: id, LeaseTTL: lease, Logger: silence()})
			must(t, err)
			defer replicas[i].Close()
		}
		a := replicas[0]
		must(t, replicas[1].RegisterClient(ctx, "c", "p", named("m")))
		must(t, a.Sync(ctx))
		third, err := store.New(s.Client(t), store.Options{Namespace: "default", Replica: "third"})
		must(t, err)
		defer third.Close()
		_, err = third.Join(ctx, lease, "{}", time.Time{})
		must(t, err)
		beats, stop := time.NewTicker(time.Second), make(chan struct{})
		defer beats.Stop()
		defer close(stop)
		go func() {
			for {
				select {
				case <-beats.C:
					_, _, _ = third.Heartbeat(ctx, lease)
				case <-stop:
					return
				}
			}
		}()

		<-time.After(2 * lease) // of the bubble: everybody has been connected for long
		networks[0].on.Store(true)
		networks[1].on.Store(true)
		eventually(t, "a has noticed", func() bool { return !a.Health().Connected })
		networks[0].on.Store(false)
		eventually(t, "a is back", func() bool { return a.Health().Connected })
		eventually(t, "a drops the client", func() bool { return !a.ClientSupportsModel("c", "m") })
		if h := a.Health(); !h.Connected || time.Since(h.Since) < lease {
			t.Errorf("the client went when the connection was %v old", time.Since(h.Since))
		}
	})
}

// TestPromise11ClientsOfTheDeadGoAfterALease loses the data together with one of two replicas. Its client stays in the
// other's view for a lease, in which it could come back, and no longer.
func TestPromise11ClientsOfTheDeadGoAfterALease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		const lease = 15 * time.Second
		a := openReplica(t, s, "default", "a", registry.Options{LeaseTTL: lease})
		dies, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "dies", Logger: silence()})
		must(t, err)
		defer dies.Close()
		must(t, a.RegisterClient(ctx, "of a", "p", named("m")))
		must(t, dies.RegisterClient(ctx, "of the dead", "p", named("n")))
		must(t, a.Sync(ctx))
		epoch := a.Position().Epoch

		network.on.Store(true)
		s.Miniredis().FlushAll()
		eventually(t, "a is in a new epoch", func() bool { return a.Position().Epoch != epoch })
		began := time.Now()
		eventually(t, "the client of the dead is gone", func() bool { return !a.ClientSupportsModel("of the dead", "n") })
		if took := time.Since(began); took < lease-time.Second || took > lease+time.Second {
			t.Errorf("it went after %v, its holder had %v to come back", took, lease)
		}
		if !shows(a, "m") {
			t.Errorf("a lists %q", ids(a.GetAvailableModelInfos()))
		}
	})
}

// TestUnregisterWhileBroughtBack gives a client up at the moment at which its replica, taken for dead, is about to bring
// it back: it does not stay.
func TestUnregisterWhileBroughtBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		var armed atomic.Bool
		held, goOn := make(chan struct{}), make(chan struct{})
		assert := []byte(redis.NewScript(scripts.Source("assert")).Hash())
		network := &tap{sent: func(b []byte) {
			if bytes.Contains(b, assert) && armed.CompareAndSwap(true, false) {
				close(held)
				<-goOn
			}
		}}
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		b := openReplica(t, s, "default", "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "gone", "p", named("m")))
		must(t, a.RegisterClient(ctx, "kept", "p", named("n")))
		must(t, b.Sync(ctx))

		armed.Store(true)
		st, err := store.New(s.Client(t), store.Options{Namespace: "default", Replica: "another"})
		must(t, err)
		defer st.Close()
		must(t, s.Client(t).ZAdd(ctx, "rollcall:{default}:leases", redis.Z{Member: "a"}).Err()) // it ended long ago
		must(t, st.Reap(ctx, "a", 15*time.Second))
		<-held
		must(t, a.UnregisterClient(ctx, "gone"))
		close(goOn)
		eventually(t, "b shows what a still holds, and no more", func() bool { return shows(b, "n") })
		must(t, a.Sync(ctx))
		if !shows(a, "n") {
			t.Errorf("a lists %q", ids(a.GetAvailableModelInfos()))
		}
	})
}

// TestSettling: a replica that opens in a young history does not know who is still to come, and says so for a lease.
func TestSettling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		first := openReplica(t, s, "ns", "first", registry.Options{})
		<-time.After(10 * time.Second) // of the bubble; a lease is 15 s
		second := openReplica(t, s, "ns", "second", registry.Options{})
		for _, r := range []*registry.ModelRegistry{first, second} {
			if !r.Health().Settling {
				t.Error("a young history is not told")
			}
		}
		<-time.After(6 * time.Second)
		third := openReplica(t, s, "ns", "third", registry.Options{})
		must(t, third.RegisterClient(ctx, "c", "p", named("m")))
		for _, r := range []*registry.ModelRegistry{first, second, third} {
			if r.Health().Settling {
				t.Error("an older history is called young")
			}
		}
		epoch := third.Position().Epoch
		s.Miniredis().FlushAll()
		eventually(t, "the data are back", func() bool { return third.Position().Epoch != epoch && !third.Health().Stale })
		if third.Health().Settling {
			t.Error("a replica that knew the history before says that it does not know who is to come")
		}
		if late := openReplica(t, s, "ns", "late", registry.Options{}); !late.Health().Settling {
			t.Error("after a loss the history is young")
		}
	})
}

// TestStartedStays: what is said of a replica's start is when the registry was opened, whatever it had to join since.
func TestStartedStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		opened := time.Now()
		r := openReplica(t, s, "ns", "r", registry.Options{})
		started := func() time.Time {
			all, err := r.Replicas(ctx)
			must(t, err)
			if len(all) != 1 {
				t.Fatalf("replicas %+v", all)
			}
			return all[0].Started
		}
		first, epoch := started(), r.Position().Epoch
		<-time.After(10 * time.Second) // of the bubble
		s.Miniredis().FlushAll()
		eventually(t, "it has joined again", func() bool { return r.Position().Epoch != epoch && r.Health().Replicas == 1 })
		if again := started(); !again.Equal(first) || !again.Equal(opened) {
			t.Errorf("opened at %s, it is said to have started at %s, and after a loss at %s", opened, first, again)
		}
	})
}

// TestLateBeatIsSeen: whether a replica is late is judged by the length of its own leases.
func TestLateBeatIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{LeaseTTL: 6 * time.Second, ReplicaID: "r", Logger: silence()})
		must(t, err)
		defer r.Close()
		looks, err := store.New(s.Client(t), store.Options{Namespace: "default", Replica: "looks"})
		must(t, err)
		defer looks.Close()
		leases := func() string {
			for _, one := range looks.Examine(ctx) {
				if one.Check == "leases" {
					return one.State + ": " + one.Found
				}
			}
			return "not looked at"
		}
		for range 12 {
			if found := leases(); found != "ok: 1 live replica" {
				t.Errorf("in good health: %s", found)
			}
			<-time.After(500 * time.Millisecond)
		}
		network.on.Store(true)
		<-time.After(3500 * time.Millisecond) // of the bubble: a beat came at most 2 s before, the lease is not over
		if found := leases(); found != "warn: 1 live replica; late with their beat: r" {
			t.Errorf("late: %s", found)
		}
	})
}
