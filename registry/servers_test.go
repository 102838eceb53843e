package registry_test

import (
	"cmp"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// onBoth runs f on a miniredis in a bubble, where a busy machine takes no time, and on the Redis that all tests share.
func onBoth(t *testing.T, f func(t *testing.T, s *redistest.Server)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { inBubble(t, f) })
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		f(t, redistest.Shared(t))
	})
}

// onBothMoving runs f on two servers of its own whose clock moveClock moves. That of the miniredis stands still after
// the first move.
func onBothMoving(t *testing.T, f func(t *testing.T, s *redistest.Server)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { inBubble(t, f) })
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		f(t, redistest.Redis(t, redistest.Options{MovableClock: true}))
	})
}

// inBubble runs f, parallel to other tests, in a bubble with a miniredis.
func inBubble(t *testing.T, f func(t *testing.T, s *redistest.Server)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { f(t, redistest.MiniredisLive(t)) })
}

// moveClock moves the clock of a server of onBothMoving.
func moveClock(t *testing.T, s *redistest.Server, d time.Duration) {
	t.Helper()
	m := s.Miniredis()
	if m == nil {
		s.Advance(t, d)
		return
	}
	now := s.Now(t)
	m.DB(0) // TTLs take notice of the time up to now
	m.SetTime(now.Add(d))
	if d < 0 {
		m.FastForward(d) // keeps deadlines where they are
	}
	m.DB(0)
}

// unhurried is the time for one operation where a test is not about time: the machine may be busy.
const unhurried = 30 * time.Second

// openReplica opens a replica that is closed with the test. Where the options do not limit an operation, unhurried does.
func openReplica(t *testing.T, s *redistest.Server, ns, id string, o registry.Options) *registry.ModelRegistry {
	t.Helper()
	return openOn(t, s.Client(t), ns, id, o)
}

// openOn is openReplica with a client of the test's own.
func openOn(t *testing.T, client redis.UniversalClient, ns, id string, o registry.Options) *registry.ModelRegistry {
	t.Helper()
	o.Namespace, o.ReplicaID, o.OperationTimeout = ns, id, cmp.Or(o.OperationTimeout, unhurried)
	if o.Logger == nil {
		o.Logger = silence()
	}
	r, err := registry.New(t.Context(), client, o)
	if err != nil {
		t.Fatalf("open replica %s: %v", id, err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil { // not what these tests are about
			t.Logf("close replica %s: %v", id, err)
		}
	})
	return r
}

func silence() *logrus.Logger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}
