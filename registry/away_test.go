package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// selective is a network that swallows the requests that lost picks; their connections stay open and silent.
type selective struct {
	lost atomic.Pointer[func(request []byte) bool]
}

type selectiveConn struct {
	net.Conn
	network *selective
}

func (c selectiveConn) Write(b []byte) (int, error) {
	if lost := c.network.lost.Load(); lost != nil && (*lost)(b) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// lose has the network swallow requests; nil: none.
func (l *selective) lose(lost func(request []byte) bool) {
	if lost == nil {
		l.lost.Store(nil)
		return
	}
	l.lost.Store(&lost)
}

// open opens a replica behind the network, which logs to the hook.
func (l *selective) open(t *testing.T, s *redistest.Server) (*registry.ModelRegistry, *logtest.Hook) {
	t.Helper()
	return l.openWith(t, s, registry.Options{})
}

func (l *selective) openWith(t *testing.T, s *redistest.Server, o registry.Options) (*registry.ModelRegistry, *logtest.Hook) {
	t.Helper()
	log, logged := logtest.NewNullLogger()
	client := through(t, s, func(c net.Conn) net.Conn { return selectiveConn{c, l} })
	o.ReplicaID, o.Logger = "a", log
	r, err := registry.New(t.Context(), client, o)
	must(t, err)
	return r, logged
}

// runs matches requests that run the script of a verb.
func runs(verb string) func(request []byte) bool {
	hash := []byte(redis.NewScript(scripts.Source(verb)).Hash())
	return func(request []byte) bool { return bytes.Contains(request, hash) }
}

// said counts the lines of a log that contain a text.
func said(logged *logtest.Hook, text string) (n int) {
	for _, entry := range logged.AllEntries() {
		if strings.Contains(entry.Message, text) {
			n++
		}
	}
	return n
}

// TestOnlyTheFollowerSaysThatRedisIsAway: a write and a heartbeat without an answer change nothing in Health while the
// feed is answered. The write goes out as soon as it can.
func TestOnlyTheFollowerSaysThatRedisIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &selective{}, t.Context()
		r, logged := network.open(t, s)
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
		since := r.Health().Since
		quota, heartbeat := runs("quota"), runs("heartbeat")
		var beats atomic.Int32
		network.lose(func(request []byte) bool {
			if heartbeat(request) {
				beats.Add(1)
				return true
			}
			return false
		})
		eventually(t, "heartbeats go unanswered", func() bool { return beats.Load() >= 3 })
		if h := r.Health(); !h.Connected || !h.Since.Equal(since) || h.LastError != nil || h.Age > time.Second {
			t.Errorf("after %d heartbeats without an answer: %+v", beats.Load(), h)
		}
		network.lose(quota)
		began := time.Now()
		waits(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
		if took := time.Since(began); took != time.Second {
			t.Errorf("the write took %v, want its OperationTimeout", took)
		}
		began = time.Now()
		waits(t, r.SuspendClientModel(ctx, "c", "n", "manual"))
		if took := time.Since(began); took > 0 {
			t.Errorf("the write behind it took %v", took)
		}
		<-time.After(10 * time.Second) // of the bubble
		if h := r.Health(); !h.Connected || !h.Since.Equal(since) || h.LastError != nil || h.Pending != 2 {
			t.Errorf("after writes without an answer: %+v", h)
		}
		network.lose(nil)
		began = time.Now()
		eventually(t, "the writes go out", func() bool { return r.Health().Pending == 0 })
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("they went out after %v", took)
		}
		if n := said(logged, "redis is away"); n > 0 {
			t.Errorf("the log says %d times that redis is away", n)
		}
	})
}

// TestOneLostAnswerIsNoOutage: one answer to a read of the feed is lost. Asked again on a new connection Redis answers,
// so it is not away, and the view goes on.
func TestOneLostAnswerIsNoOutage(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func([]byte) bool{
		"a read of the feed": func(request []byte) bool { return bytes.Contains(bytes.ToLower(request), []byte("xread")) },
		"a head":             runs("head"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, network, ctx := redistest.MiniredisLive(t), &selective{}, t.Context()
				r, logged := network.open(t, s)
				defer r.Close()
				b := openReplica(t, s, "default", "b", registry.Options{})
				since := r.Health().Since
				var count, limit atomic.Int32
				limit.Store(2) // a head is asked for twice within its time
				if name != "a head" {
					limit.Store(1)
				}
				network.lose(func(request []byte) bool { return lost(request) && count.Add(1) <= limit.Load() })
				eventually(t, "it is lost", func() bool { return count.Load() >= limit.Load() })
				lostAt := time.Now()
				must(t, b.RegisterClient(ctx, "c", "p", named("m")))
				eventually(t, "the view shows what came meanwhile", func() bool { return shows(r, "m") })
				if took := time.Since(lostAt); took > 2*time.Second {
					t.Errorf("it was shown after %v", took)
				}
				if h := r.Health(); !h.Connected || !h.Since.Equal(since) || said(logged, "redis is away") > 0 {
					t.Errorf("it is taken for an outage: %+v", h)
				}
			})
		})
	}
}

// TestACutConnectionIsNoOutage: all connections break, and new ones can be made at once. What the pools still hold of the
// old ones is no sign of an outage either.
func TestACutConnectionIsNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &cable{}, t.Context()
		log, logged := logtest.NewNullLogger()
		r := openOn(t, network.client(t, s), "default", "a", registry.Options{Logger: log})
		b := openReplica(t, s, "default", "b", registry.Options{})
		since := r.Health().Since
		for i := range 5 {
			network.cut()
			network.restore()
			model := fmt.Sprint("m", i)
			must(t, b.RegisterClient(ctx, "c", "p", named(model)))
			eventually(t, "the view goes on", func() bool { return shows(r, model) })
		}
		if h := r.Health(); !h.Connected || h.Polling || !h.Since.Equal(since) || said(logged, "redis is away") > 0 {
			t.Errorf("it is taken for an outage, or for a proxy: %+v", h)
		}
	})
}

// TestAnOldReasonIsNotHandedOn: a write waits for a client's holder. That Redis was away when it was called says nothing
// about a later one.
func TestAnOldReasonIsNotHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, holders, ctx := redistest.MiniredisLive(t), &selective{}, &cable{}, t.Context()
		r, _ := network.openWith(t, s, registry.Options{LeaseTTL: time.Hour})
		defer r.Close()
		holder := openOn(t, holders.client(t, s), "default", "holder", registry.Options{LeaseTTL: time.Hour})
		must(t, holder.RegisterClient(ctx, "c", "p", named("m")))
		must(t, r.Sync(ctx))
		network.lose(func([]byte) bool { return true })
		waits(t, r.SuspendClientModel(ctx, "c", "m", "why"))
		eventually(t, "redis is away", func() bool { return !r.Health().Connected })
		holders.cut()
		must(t, s.Admin(t).FlushAll(ctx).Err())
		network.lose(nil)
		eventually(t, "redis is back", func() bool { return r.Health().Connected && !r.Health().Stale })
		<-time.After(5 * time.Second) // of the bubble: the mark is tried, and goes on waiting
		if n := r.Health().Pending; n != 1 {
			t.Fatalf("%d writes wait, want the mark", n)
		}
		err := r.SuspendClientModel(ctx, "c", "another", "why")
		if !errors.Is(err, registry.ErrNotRegistered) || errors.Is(err, registry.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		holders.restore()
		eventually(t, "the mark is set", func() bool { return r.Health().Pending == 0 })
	})
}

// TestASilentRedisIsAway: where the second question goes unanswered too Redis is away, within two and a half seconds. Until then one
// write waits for its time; the others wait behind it.
func TestASilentRedisIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &selective{}, t.Context()
		r, logged := network.open(t, s)
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
		<-time.After(10 * time.Second) // of the bubble: the follower waits in Redis
		network.lose(func([]byte) bool { return true })
		silent := time.Now()
		waits(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
		for _, write := range []func() error{
			func() error { return r.SetModelQuotaExceeded(ctx, "c", "n") },
			func() error { return r.SuspendClientModel(ctx, "c", "m", "manual") },
			func() error { return r.RegisterClient(ctx, "d", "p", named("m")) },
		} {
			if !r.Health().Connected {
				t.Fatalf("already away after %v: %v", time.Since(silent), r.Health().LastError)
			}
			began := time.Now()
			waits(t, write())
			if took := time.Since(began); took > 0 {
				t.Errorf("a write behind one without an answer took %v", took)
			}
		}
		for r.Health().Connected {
			if h, passed := r.Health(), time.Since(silent); h.Age < passed || passed > 2500*time.Millisecond {
				t.Fatalf("silent for %v: %+v", passed, h)
			}
			<-time.After(time.Millisecond)
		}
		if passed := time.Since(silent); passed < 1250*time.Millisecond {
			t.Errorf("away after %v: there was no time for a second question: %v", passed, r.Health().LastError)
		}
		if h := r.Health(); !errors.Is(h.LastError, registry.ErrUnavailable) || !h.Stale {
			t.Errorf("%+v", h)
		}
		network.lose(nil)
		wellAgain(t, r, logged)
	})
}

// TestALongOperationTimeoutHidesNoOutage: Redis falls silent at a question of the follower that is a script. Its time does
// not grow with that of writes.
func TestALongOperationTimeoutHidesNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, head := redistest.MiniredisLive(t), &selective{}, runs("head")
		r, _ := network.openWith(t, s, registry.Options{OperationTimeout: time.Minute, LeaseTTL: time.Hour})
		defer r.Close()
		var silent atomic.Pointer[time.Time]
		network.lose(func(request []byte) bool {
			if now := time.Now(); head(request) {
				silent.CompareAndSwap(nil, &now)
			}
			return silent.Load() != nil
		})
		eventually(t, "redis is away", func() bool { return !r.Health().Connected })
		if took := time.Since(*silent.Load()); took > 2500*time.Millisecond {
			t.Errorf("noticed after %v", took)
		}
	})
}

// TestWritesOfOthersHoldNoReplayUp: another replica writes whenever this one asks for the head, so that its view is never
// at the head it was told last. What waits goes out all the same.
func TestWritesOfOthersHoldNoReplayUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &selective{}, t.Context()
		r, _ := network.open(t, s)
		defer r.Close()
		b := openReplica(t, s, "default", "b", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		must(t, b.Sync(ctx))
		head, n := runs("head"), 0
		network.lose(func([]byte) bool { return true })
		hurried, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		waits(t, r.SetModelQuotaExceeded(hurried, "c", "m"))
		network.lose(func(request []byte) bool {
			if head(request) && r.Health().Pending > 0 && n < 100 {
				n++
				if err := b.RegisterClient(ctx, "busy", fmt.Sprint("p", n), named("x")); err != nil {
					t.Error(err)
				}
			}
			return false
		})
		began := time.Now()
		eventually(t, "it goes out", func() bool { return r.Health().Pending == 0 })
		if took := time.Since(began); took > 3*time.Second || n == 100 {
			t.Errorf("it went out after %v and %d heads", took, n)
		}
		eventually(t, "the other shows it", func() bool { return b.GetModelCount("m") == 0 })
	})
}
