package registry_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// wellAgain waits until a replica that was cut off is fed, and checks that its log has said so once.
func wellAgain(t *testing.T, r *registry.ModelRegistry, logged *logtest.Hook) {
	t.Helper()
	eventually(t, "nothing waits", func() bool { h := r.Health(); return h.Connected && !h.Stale && h.Pending == 0 })
	synctest.Wait() // it is logged right after
	away, back := 0, 0
	for _, entry := range logged.AllEntries() {
		switch {
		case strings.Contains(entry.Message, "redis is away"):
			away++
		case entry.Level == logrus.InfoLevel && strings.Contains(entry.Message, "redis is back"):
			back++
		}
	}
	if away == 0 || back != away {
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
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		network, ctx := &mute{}, t.Context()
		log, logged := logtest.NewNullLogger()
		r := openOn(t, network.client(t, s), "ns", "r", registry.Options{Logger: log})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		epoch := r.Position().Epoch
		network.on.Store(true)
		eventually(t, "it is noticed", func() bool { return !r.Health().Connected })
		s.Miniredis().FlushAll()
		network.on.Store(false)
		eventually(t, "a new epoch", func() bool { return r.Position().Epoch != epoch })
		wellAgain(t, r, logged)
	})
}

// TestCloseSaysWhyWritesAreLost: a Redis that is full refuses them.
func TestCloseSaysWhyWritesAreLost(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		r, err := registry.New(ctx, s.Client(t), registry.Options{Logger: silence()})
		must(t, err)
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		writes := map[string]bool{}
		for _, verb := range []string{"quota", "release"} {
			writes[redis.NewScript(scripts.Source(verb)).Hash()] = true
		}
		s.Miniredis().Server().SetPreHook(func(c *server.Peer, command string, args ...string) bool {
			full := command == "EVALSHA" && writes[args[0]]
			if full {
				c.WriteError("OOM command not allowed when used memory > 'maxmemory'.")
			}
			return full
		})
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
	})
}
