package registry_test

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// mute is a network that can be told to swallow all that is sent to the server. Connections stay open.
type mute struct {
	on atomic.Bool
}

type muteConn struct {
	net.Conn
	network *mute
}

func (c muteConn) Write(b []byte) (int, error) {
	if c.network.on.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// client makes a client of a server in the bubble, behind the network.
func (m *mute) client(t *testing.T, s *redistest.Server) redis.UniversalClient {
	t.Helper()
	return through(t, s, func(c net.Conn) net.Conn { return muteConn{c, m} })
}

// TestPromise03ACallEndsInItsTime and its neighbours measure by the clock of the bubble, in which nothing is slow.
func TestPromise03ACallEndsInItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence()})
		must(t, err)
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		network.on.Store(true)
		for _, c := range []struct {
			call func() error
			want error
		}{
			{func() error { return r.Sync(ctx) }, registry.ErrUnavailable},
			{func() error { return r.RegisterClient(ctx, "d", "p", named("m")) }, registry.ErrPending},
			{func() error { return r.SetModelQuotaExceeded(ctx, "c", "m") }, registry.ErrPending},
			{func() error { _, err := r.CleanupExpiredQuotas(ctx); return err }, registry.ErrUnavailable},
		} {
			began := time.Now()
			if err := c.call(); !errors.Is(err, c.want) || time.Since(began) > time.Second {
				t.Errorf("%v after %v, want %v within OperationTimeout, 1 s", err, time.Since(began), c.want)
			}
		}
	})
}

// TestPromise03CallsFailAtOnceWhileRedisIsAway: what cannot wait for Redis does not look for it; the follower does.
func TestPromise03CallsFailAtOnceWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence()})
		must(t, err)
		defer r.Close()
		network.on.Store(true)
		eventually(t, "it is noticed", func() bool { return !r.Health().Connected })
		for name, call := range map[string]func() error{
			"Sync":                 func() error { return r.Sync(ctx) },
			"CleanupExpiredQuotas": func() error { _, err := r.CleanupExpiredQuotas(ctx); return err },
		} {
			began := time.Now()
			if err := call(); !errors.Is(err, registry.ErrUnavailable) || time.Since(began) > 0 {
				t.Errorf("%s: %v after %v, want ErrUnavailable at once", name, err, time.Since(began))
			}
		}
		network.on.Store(false)
		eventually(t, "it is back", func() bool { return r.Health().Connected })
		must(t, r.Sync(ctx))
		_, err = r.CleanupExpiredQuotas(ctx)
		must(t, err)
	})
}

// TestPromise09TheDeadAreReaped cuts a replica off. The other drops its client when the lease is over, 15 s after it
// was renewed last, and a second more; when the replica is back, so is its client, with its mark.
func TestPromise09TheDeadAreReaped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		a := openReplica(t, s, "default", "a", registry.Options{})
		b, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "b", Logger: silence()})
		must(t, err)
		defer b.Close()
		must(t, b.RegisterClient(ctx, "c", "p", named("m")))
		must(t, b.SuspendClientModel(ctx, "c", "m", "manual"))
		must(t, a.Sync(ctx))
		<-time.After(20 * time.Second) // of the bubble: the lease has been renewed

		network.on.Store(true)
		cut := time.Now()
		eventually(t, "a drops the client", func() bool { return !a.ClientSupportsModel("c", "m") })
		if took := time.Since(cut); took < 10*time.Second || took > 16*time.Second {
			t.Errorf("the client went after %v; the lease was renewed at most 5 s before", took)
		}
		network.on.Store(false)
		eventually(t, "the client is back", func() bool { return a.ClientSupportsModel("c", "m") })
		if n := a.GetModelCount("m"); n != 0 {
			t.Errorf("its suspension is gone: count %d", n)
		}
	})
}

// TestPromise10AnOutageEndsNoLease cuts all replicas off for minutes.
func TestPromise10AnOutageEndsNoLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		open := func(id string) *registry.ModelRegistry {
			r, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: id, Logger: silence()})
			must(t, err)
			t.Cleanup(func() { _ = r.Close() })
			must(t, r.RegisterClient(ctx, "of "+id, "p", named(id)))
			return r
		}
		a, b := open("a"), open("b")
		must(t, a.Sync(ctx))
		<-time.After(20 * time.Second) // of the bubble
		network.on.Store(true)
		<-time.After(time.Minute) // four leases
		network.on.Store(false)
		for n := range 300 {
			if !shows(a, "a", "b") || !shows(b, "a", "b") {
				t.Fatalf("look %d: %q and %q", n, ids(a.GetAvailableModelInfos()), ids(b.GetAvailableModelInfos()))
			}
			<-time.After(100 * time.Millisecond)
		}
		if h := a.Health(); !h.Connected || h.Replicas != 2 {
			t.Errorf("afterwards: %+v", h)
		}
	})
}

// TestPromise10ClockJumpsEndNoLease sets the server's clock, while the replicas live.
func TestPromise10ClockJumpsEndNoLease(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx, m, prefix := t.Context(), s.Miniredis(), "rollcall:{ns}:"
		const lease = 6 * time.Second
		var replicas [2]*registry.ModelRegistry
		for i, id := range []string{"a", "b"} {
			replicas[i] = openReplica(t, s, "ns", id, registry.Options{LeaseTTL: lease})
			must(t, replicas[i].RegisterClient(ctx, "of "+id, "p", named(id)))
		}
		ahead := time.Duration(0) // the server's clock
		pass := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); <-time.After(100 * time.Millisecond) { // of the bubble
				m.SetTime(time.Now().Add(ahead))
			}
		}
		for _, jump := range []time.Duration{time.Hour, -2 * time.Hour, lease} {
			for _, after := range []time.Duration{2 * lease, 2*lease + lease/6, 2*lease + lease/4} { // a heartbeat comes every third
				pass(after)
				if h := replicas[0].Health(); !h.Connected || time.Since(h.Since) <= lease {
					t.Fatalf("the replicas may not reap: %+v", h)
				}
				ahead += jump
				m.SetTime(time.Now().Add(ahead))
				pass(lease / 2)
				now := float64(time.Now().Add(ahead).UnixMilli())
				for _, id := range []string{"a", "b"} {
					ends, err := m.ZScore(prefix+"leases", id)
					must(t, err)
					if ends <= now || ends > now+float64(lease.Milliseconds()) {
						t.Errorf("%v after a jump by %v the lease of %s ends in %.0f ms", lease/2, jump, id, ends-now)
					}
				}
			}
		}
		feed, err := s.Client(t).XRange(ctx, prefix+"feed", "-", "+").Result()
		must(t, err)
		for _, entry := range feed {
			if entry.Values["kind"] == "released" {
				t.Errorf("holds were ended: %v", entry)
			}
		}
		if len(feed) < 3 {
			t.Errorf("the feed has %v", feed)
		}
	})
}

// TestPromise16ARefusedReplayIsCounted cuts one replica off and lets the other unregister the client that it marks.
func TestPromise16ARefusedReplayIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		must(t, b.RegisterClient(ctx, "c", "p", named("m")))
		must(t, b.RegisterClient(ctx, "d", "p", named("m")))
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		network.on.Store(true)
		for _, client := range []string{"c", "d"} {
			if err := a.SetModelQuotaExceeded(ctx, client, "m"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("error %v, want ErrPending", err)
			}
		}
		must(t, b.UnregisterClient(ctx, "c"))
		network.on.Store(false)
		eventually(t, "nothing waits", func() bool { return a.Health().Pending == 0 && !a.Health().Stale })
		must(t, b.Sync(ctx))
		if h := a.Health(); h.Refused != 1 || a.ClientSupportsModel("c", "m") {
			t.Errorf("%d refused; a has the client: %v", h.Refused, a.ClientSupportsModel("c", "m"))
		}
		if a.GetModelCount("m") != 0 || b.GetModelCount("m") != 0 {
			t.Errorf("the other mark is not there: %d and %d", a.GetModelCount("m"), b.GetModelCount("m"))
		}
	})
}

// TestPromise19CloseEndsInItsTime: with Redis there and without. The bubble also fails when a goroutine is left.
func TestPromise19CloseEndsInItsTime(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]bool{"redis answers": false, "redis is silent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
				other := openReplica(t, s, "default", "other", registry.Options{})
				r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence()})
				must(t, err)
				must(t, r.RegisterClient(ctx, "c", "p", named("m")))
				must(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
				must(t, other.Sync(ctx))
				network.on.Store(silent)

				began := time.Now()
				if err := r.Close(); errors.Is(err, registry.ErrUnavailable) != silent || time.Since(began) > 2*time.Second {
					t.Errorf("Close: %v after %v", err, time.Since(began))
				}
				must(t, other.Sync(ctx))
				if held := other.ClientSupportsModel("c", "m"); held != silent {
					t.Errorf("the other replica still has the client: %v", held)
				}
				if err := r.RegisterClient(ctx, "d", "p", named("m")); !errors.Is(err, registry.ErrClosed) {
					t.Errorf("a write after Close: %v", err)
				}
				if err := r.Close(); errors.Is(err, registry.ErrUnavailable) != silent {
					t.Errorf("a second Close: %v", err)
				}
			})
		})
	}
}
