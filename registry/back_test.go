package registry_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// wellAgain waits until a replica that was cut off is fed, and checks that its log has said so once.
func wellAgain(t *testing.T, r *registry.ModelRegistry, logged *logtest.Hook) {
	t.Helper()
	said := func() (away, back int) {
		for _, entry := range logged.AllEntries() {
			switch {
			case strings.Contains(entry.Message, "redis is away"):
				away++
			case entry.Level == logrus.InfoLevel && strings.Contains(entry.Message, "redis is back"):
				back++
			}
		}
		return away, back
	}
	eventually(t, "nothing waits", func() bool { h := r.Health(); return h.Connected && !h.Stale && h.Pending == 0 })
	eventually(t, "the log says so", func() bool { away, back := said(); return back >= away })
	if away, back := said(); away == 0 || back != away {
		t.Errorf("the log says %d times that redis is away, and %d times that it is back", away, back)
	}
}

// TestAReplayIsLoggedAsARecovery: writes that waited go out, and the view is read anew.
func TestAReplayIsLoggedAsARecovery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		log, logged := logtest.NewNullLogger()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: log})
		must(t, err)
		defer r.Close()
		network.on.Store(true)
		waits(t, r.RegisterClient(ctx, "c", "p", named("m")))
		eventually(t, "it is noticed", func() bool { return !r.Health().Connected })
		network.on.Store(false)
		wellAgain(t, r, logged)
	})
}

// TestANewEpochIsLoggedAsARecovery: Redis comes back without data.
func TestANewEpochIsLoggedAsARecovery(t *testing.T) {
	t.Parallel()
	s, ctx := redistest.Redis(t), t.Context()
	log, logged := logtest.NewNullLogger()
	r, err := registry.New(ctx, s.Client(t), registry.Options{Logger: log})
	must(t, err)
	defer r.Close()
	must(t, r.RegisterClient(ctx, "c", "p", named("m")))
	epoch := r.Position().Epoch
	s.Kill(t)
	eventually(t, "it is noticed", func() bool { return !r.Health().Connected })
	s.Restart(t)
	eventually(t, "a new epoch", func() bool { return r.Position().Epoch != epoch })
	wellAgain(t, r, logged)
}

// TestCloseSaysWhyWritesAreLost: a Redis that is full refuses them.
func TestCloseSaysWhyWritesAreLost(t *testing.T) {
	t.Parallel()
	s, ctx := redistest.Redis(t), t.Context()
	r, err := registry.New(ctx, s.Client(t), registry.Options{Logger: silence()})
	must(t, err)
	must(t, r.RegisterClient(ctx, "c", "p", named("m")))
	must(t, s.Admin(t).ConfigSet(ctx, "maxmemory", "1").Err())
	waits(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
	err = r.Close()
	if !errors.Is(err, registry.ErrUnavailable) {
		t.Fatalf("Close: %v", err)
	}
	for line := range strings.Lines(err.Error()) {
		if _, why, found := strings.Cut(line, "1 write that waited for redis is lost: "); found && strings.Contains(why, "OOM command not allowed") {
			return
		}
	}
	t.Errorf("Close does not say why a write is lost: %v", err)
}
