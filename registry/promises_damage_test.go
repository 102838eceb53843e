package registry_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// shows says whether a view lists exactly these models.
func shows(r reader, models ...string) bool {
	return slices.Equal(ids(r.GetAvailableModelInfos()), models)
}

// TestPromise11LostDataComeBack takes all keys of a namespace away, and each by itself. Every replica comes to a new
// epoch and brings its clients with their marks; no view shows less on the way.
func TestPromise11LostDataComeBack(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{
		"everything", "meta", "clients", "catalogs", "rosters", "catalog_refs", "counts", "providers", "marks",
		"deadlines", "leases", "replicas", "holds:a", "feed", "ops",
	} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s *redistest.Server) {
				ctx, ns, c := t.Context(), redistest.Namespace(t), s.Admin(t)
				a := openReplica(t, s, ns, "a", registry.Options{})
				b := openReplica(t, s, ns, "b", registry.Options{})
				must(t, a.RegisterClient(ctx, "of a", "p", named("m")))
				must(t, b.RegisterClient(ctx, "of b", "q", named("n", "o")))
				must(t, a.SetModelQuotaExceeded(ctx, "of a", "m"))
				must(t, b.SuspendClientModel(ctx, "of b", "n", "quota"))
				must(t, a.Sync(ctx))
				must(t, b.Sync(ctx))
				epoch := a.Position().Epoch

				prefix := "rollcall:{" + ns + "}:"
				keys := []string{prefix + lost}
				if lost == "everything" {
					var err error
					keys, err = c.Keys(ctx, prefix+"*").Result()
					must(t, err)
				}
				if n, err := c.Del(ctx, keys...).Result(); err != nil || n == 0 {
					t.Fatalf("%d keys deleted, %v", n, err)
				}
				whole := func(r *registry.ModelRegistry) bool {
					return shows(r, "m", "n", "o") && r.GetModelCount("m")+r.GetModelCount("n") == 0
				}
				eventually(t, "Redis has all clients and marks in a new epoch", func() bool {
					if !whole(a) || !whole(b) {
						t.Fatalf("a view shows less: %q and %q", ids(a.GetAvailableModelInfos()), ids(b.GetAvailableModelInfos()))
					}
					now, err := c.HGet(ctx, prefix+"meta", "epoch").Result()
					clients, marks := c.HLen(ctx, prefix+"clients").Val(), c.HLen(ctx, prefix+"marks").Val()
					return err == nil && now != epoch && clients == 2 && marks == 2
				})
				late := openReplica(t, s, ns, "late", registry.Options{})
				if !whole(late) {
					t.Errorf("a new replica lists %q", ids(late.GetAvailableModelInfos()))
				}
			})
		})
	}
}

// TestPromise05ARewrittenHistoryIsNoticed puts an earlier state of Redis back, as a failover to a replica that lags
// does; a new replica writes on top of it, up to the revision that the old one is at, and beyond.
func TestPromise05ARewrittenHistoryIsNoticed(t *testing.T) {
	t.Parallel()
	for onTop, models := range [][]string{{"m", "n"}, {"m", "n", "x"}, {"m", "n", "x", "y"}} {
		t.Run(fmt.Sprint(onTop), func(t *testing.T) {
			t.Parallel()
			s := redistest.Shared(t)
			ctx, ns, c := t.Context(), redistest.Namespace(t), s.Admin(t)
			a := openReplica(t, s, ns, "a", registry.Options{})
			must(t, a.RegisterClient(ctx, "c", "p", named("m")))
			must(t, a.Sync(ctx))
			earlier := save(t, c, "rollcall:{"+ns+"}:")
			must(t, a.RegisterClient(ctx, "d", "p", named("n")))
			epoch := a.Position().Epoch

			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				for key, dump := range earlier {
					p.RestoreReplace(ctx, key, 0, dump)
				}
				return nil
			})
			must(t, err)
			b := openReplica(t, s, ns, "b", registry.Options{})
			for _, model := range models[2:] {
				if err := b.RegisterClient(ctx, "with "+model, "p", named(model)); !errors.Is(err, registry.ErrPending) {
					must(t, err)
				}
			}
			eventually(t, "both show what any of them registered", func() bool {
				if !a.ClientSupportsModel("d", "n") {
					t.Fatal("a has lost its client")
				}
				at := a.Position().Epoch
				return at != epoch && at == b.Position().Epoch && shows(a, models...) && shows(b, models...)
			})
		})
	}
}

// save dumps all keys of a namespace.
func save(t *testing.T, c redis.UniversalClient, prefix string) map[string]string {
	t.Helper()
	ctx := t.Context()
	keys, err := c.Keys(ctx, prefix+"*").Result()
	must(t, err)
	saved := map[string]string{}
	for _, key := range keys {
		saved[key], err = c.Dump(ctx, key).Result()
		must(t, err)
	}
	return saved
}

// TestPromise05LossIsNoticedInTwoSeconds, and mended in three, by the clock of the bubble, in which nothing is slow.
func TestPromise05LossIsNoticedInTwoSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := redistest.MiniredisLive(t)
		ctx := t.Context()
		a := openReplica(t, s, "ns", "a", registry.Options{})
		b := openReplica(t, s, "ns", "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "of a", "p", named("m")))
		must(t, b.RegisterClient(ctx, "of b", "p", named("n")))
		must(t, a.Sync(ctx))
		for range 3 {
			epoch, lost := a.Position().Epoch, time.Now()
			s.Miniredis().FlushAll()
			noticed := func(r *registry.ModelRegistry) bool { return r.Health().Stale || r.Position().Epoch != epoch }
			eventually(t, "both notice", func() bool { return noticed(a) && noticed(b) })
			if took := time.Since(lost); took > 2*time.Second {
				t.Errorf("both replicas noticed after %v", took)
			}
			eventually(t, "Redis has both clients", func() bool {
				clients, err := s.Miniredis().HKeys("rollcall:{ns}:clients")
				return err == nil && len(clients) == 2
			})
			if took := time.Since(lost); took > 3*time.Second {
				t.Errorf("it was mended after %v", took)
			}
			eventually(t, "both are in the new epoch", func() bool {
				return a.Position().Epoch != epoch && a.Position().Epoch == b.Position().Epoch
			})
		}
	})
}
