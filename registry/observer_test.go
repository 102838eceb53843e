package registry_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestObserverOfNothing looks at a namespace that nobody has begun: its view is empty and current, what it writes is
// refused and does not wait, and it has nothing to log until somebody comes.
func TestObserverOfNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		log, logged := logtest.NewNullLogger()
		o, err := registry.New(ctx, s.Client(t), registry.Options{Observer: true, Logger: log})
		must(t, err)
		defer o.Close()
		for range 2 {
			for name, write := range map[string]func() error{
				"quota":   func() error { return o.SetModelQuotaExceeded(ctx, "c", "m") },
				"suspend": func() error { return o.SuspendClientModel(ctx, "c", "m", "manual") },
				"evict":   func() error { return o.EvictClient(ctx, "c") },
				"resume":  func() error { return o.ResumeClientModel(registry.WithActor(ctx, "alice"), "c", "m") },
				"sync":    func() error { return o.Sync(ctx) },
			} {
				if err := write(); !errors.Is(err, registry.ErrNoNamespace) || errors.Is(err, registry.ErrPending) {
					t.Errorf("%s: %v, want ErrNoNamespace", name, err)
				}
			}
			if h := o.Health(); !h.Connected || h.Stale || h.Pending != 0 || h.Age > 2*time.Second {
				t.Errorf("%+v", h)
			}
			<-time.After(10 * time.Second) // of the bubble
		}
		for _, entry := range logged.AllEntries() {
			t.Errorf("logged: %s", entry.Message)
		}

		r := openReplica(t, s, "default", "r", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		eventually(t, "the observer has the client", func() bool { return o.ClientSupportsModel("c", "m") })
		must(t, o.SetModelQuotaExceeded(ctx, "c", "m"))
		must(t, r.Sync(ctx))
		if r.GetModelCount("m") != 0 {
			t.Error("the observer's mark is not there")
		}

		s.Miniredis().FlushAll()
		if err := o.SuspendClientModel(ctx, "c", "m", "manual"); !errors.Is(err, registry.ErrPending) {
			t.Errorf("after a loss: %v, want ErrPending", err)
		}
	})
}
