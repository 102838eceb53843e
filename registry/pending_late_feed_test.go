package registry_test

import (
	"bytes"
	"context"
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

// lateFeed is a network on which answers to reads of the feed are late, while it is on.
type lateFeed struct{ on atomic.Bool }

type lateFeedConn struct {
	net.Conn
	network *lateFeed
	feed    *atomic.Bool
}

func (c lateFeedConn) Write(b []byte) (int, error) {
	if bytes.Contains(bytes.ToLower(b), []byte("xread")) {
		c.feed.Store(true)
	}
	return c.Conn.Write(b)
}

func (c lateFeedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.feed.Load() && c.network.on.Load() {
		<-time.After(400 * time.Millisecond) // of the bubble
	}
	return n, err
}

func (l *lateFeed) client(t *testing.T, s *redistest.Server) redis.UniversalClient {
	t.Helper()
	return through(t, s, func(c net.Conn) net.Conn { return lateFeedConn{c, l, new(atomic.Bool)} })
}

// behindALateFeed opens a, whose feed is late, and b; a holds client c with model m, and its next write is not the next
// change for it. caughtUp waits until nothing of a waits and both show all there is. a is the caller's to close.
func behindALateFeed(t *testing.T) (a, b *registry.ModelRegistry, caughtUp func()) {
	t.Helper()
	s, network, ctx := redistest.MiniredisLive(t), &lateFeed{}, t.Context()
	b = openReplica(t, s, "default", "b", registry.Options{})
	a, err := registry.New(ctx, network.client(t, s), registry.Options{
		ReplicaID: "a", Logger: silence(), OperationTimeout: 200 * time.Millisecond,
	})
	must(t, err)
	must(t, a.RegisterClient(ctx, "c", "p", named("m")))
	must(t, a.RegisterClient(ctx, "d", "p", named("m")))
	network.on.Store(true)
	synctest.Wait()
	must(t, b.SuspendClientModel(ctx, "d", "m", "test"))
	return a, b, func() {
		t.Helper()
		eventually(t, "nothing waits", func() bool { return a.Health().Pending == 0 })
		network.on.Store(false)
		eventually(t, "a follows", func() bool { return a.Sync(ctx) == nil && a.Health().Connected })
		must(t, b.Sync(ctx))
	}
}

// TestWhatRedisHasIsNotWrittenTwice: a write that Redis took, and the feed did not bring in time, is answered with
// ErrPending. It is not carried out again: what others made of it since stays.
func TestWhatRedisHasIsNotWrittenTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, caughtUp := behindALateFeed(t)
		defer a.Close()
		ctx := t.Context()
		if err := a.SuspendClientModel(ctx, "c", "m", "401"); !errors.Is(err, registry.ErrPending) {
			t.Fatalf("error %v, want ErrPending", err)
		}
		must(t, b.ResumeClientModel(registry.WithActor(ctx, "alice"), "c", "m"))
		caughtUp()
		for _, r := range []*registry.ModelRegistry{a, b} {
			if state := r.ClientModelStatus("c", "m").State; state != registry.StateAvailable {
				t.Errorf("it is %s after it was resumed", state)
			}
		}
	})
}

// TestAMarkOutlivesTheOneBefore: a mark that is set while one before it is in Redis, and not in the view, is carried out,
// though that one would last longer: it may be gone since.
func TestAMarkOutlivesTheOneBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, caughtUp := behindALateFeed(t)
		defer a.Close()
		ctx := t.Context()
		mark := func(d time.Duration) {
			t.Helper()
			limit := registry.QuotaLimit{RetryAfter: d, Reason: d.String()}
			if err := a.SetModelQuotaExceededUntil(ctx, "c", "m", limit); !errors.Is(err, registry.ErrPending) {
				t.Fatalf("error %v, want ErrPending", err)
			}
		}
		mark(time.Hour)
		must(t, b.Sync(ctx))
		must(t, b.ClearModelQuotaExceeded(ctx, "c", "m"))
		mark(30 * time.Minute)
		caughtUp()
		for _, r := range []*registry.ModelRegistry{a, b} {
			if status := r.ClientModelStatus("c", "m"); status.State != registry.StateCooling || status.Reason != "30m0s" {
				t.Errorf("it is %s for %q, want cooling for 30m0s", status.State, status.Reason)
			}
		}
	})
}

// TestAHurriedCallerIsNoOutage: a context that ends before Redis can answer says nothing about Redis.
func TestAHurriedCallerIsNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence()})
		must(t, err)
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		synctest.Wait()
		hurried, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		network.on.Store(true)
		if err := r.SetModelQuotaExceeded(hurried, "c", "m"); !errors.Is(err, registry.ErrPending) {
			t.Errorf("error %v, want ErrPending", err)
		}
		if h := r.Health(); !h.Connected {
			t.Errorf("redis is taken for dead: %v", h.LastError)
		}
		network.on.Store(false)
		eventually(t, "it is replayed", func() bool { return r.Health().Pending == 0 })
	})
}

// TestAWriteThatAwaitsAHolderReadsNothingAnew: after a loss a mark waits until the holder of its client is back. Until
// then the replica does not read the namespace again and again.
func TestAWriteThatAwaitsAHolderReadsNothingAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx, toHolder, reads := t.Context(), &mute{}, atomic.Int64{}
		counting := &tap{sent: func(b []byte) {
			if bytes.Contains(bytes.ToLower(b), []byte("hscan")) && reads.Add(1) > 1000 {
				<-time.After(time.Second) // or no time would pass in the bubble
			}
		}}
		holder := openOn(t, toHolder.client(t, s), "ns", "holder", registry.Options{OperationTimeout: time.Second})
		r := openOn(t, counting.client(t, s), "ns", "r", registry.Options{})
		must(t, holder.RegisterClient(ctx, "c", "p", named("m")))
		must(t, r.Sync(ctx))
		toHolder.on.Store(true)
		epoch, before := r.Position().Epoch, reads.Load()
		s.Miniredis().FlushAll()
		waits(t, r.SuspendClientModel(ctx, "c", "m", "manual"))
		eventually(t, "a new epoch", func() bool { return r.Position().Epoch != epoch })
		<-time.After(5 * time.Second) // of the bubble
		if n := reads.Load() - before; n > 50 || r.Health().Pending != 1 {
			t.Errorf("%d pages were read, %d writes wait", n, r.Health().Pending)
		}
		toHolder.on.Store(false)
		eventually(t, "the mark is there", func() bool { return holder.GetModelCount("m") == 0 && r.Health().Pending == 0 })
		if !r.ClientSupportsModel("c", "m") {
			t.Error("the client is gone")
		}
	})
}
