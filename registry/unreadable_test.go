package registry_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise11WhatCannotBeReadComesBack spoils records under live replicas. Whoever meets one begins a new epoch, into
// which their holders bring the client and the mark; observers show the rest meanwhile, and write nothing about it.
func TestPromise11WhatCannotBeReadComesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, key, field, text string
		meet                   func(t *testing.T, s *redistest.Server, ns string, r *registry.ModelRegistry)
	}{
		{"a client, met by a write", "clients", "keep", "garbage", func(t *testing.T, _ *redistest.Server, _ string, r *registry.ModelRegistry) {
			if err := r.SuspendClientModel(t.Context(), "keep", "n", "manual"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("the write: %v, want ErrPending", err)
			}
		}},
		{"a mark, met by a write", "marks", "keep\x1fm", "garbage", func(t *testing.T, _ *redistest.Server, _ string, r *registry.ModelRegistry) {
			if err := r.SetModelQuotaExceeded(t.Context(), "keep", "m"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("the write: %v, want ErrPending", err)
			}
		}},
		{"a part of a mark, met by a write", "marks", "keep\x1fm", "garbage\x1e\x1e", func(t *testing.T, _ *redistest.Server, _ string, r *registry.ModelRegistry) {
			if err := r.SetModelQuotaExceeded(t.Context(), "keep", "m"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("the write: %v, want ErrPending", err)
			}
		}},
		{"a mark, met when those that are over are removed", "marks", "keep\x1fm", "garbage", func(t *testing.T, s *redistest.Server, ns string, r *registry.ModelRegistry) {
			must(t, s.Admin(t).HSet(t.Context(), "rollcall:{"+ns+"}:meta", "untidy", "1").Err())
			if _, err := r.CleanupExpiredQuotas(t.Context()); err == nil {
				t.Error("nothing was met")
			}
		}},
		{"a list of models, met by a write", "rosters", "", "garbage", func(t *testing.T, _ *redistest.Server, _ string, r *registry.ModelRegistry) {
			if err := r.SetModelQuotaExceeded(t.Context(), "keep", "n"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("the write: %v, want ErrPending", err)
			}
		}},
		{"a client, met at the start", "clients", "keep", "garbage", func(t *testing.T, s *redistest.Server, ns string, _ *registry.ModelRegistry) {
			openReplica(t, s, ns, "late", registry.Options{})
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s *redistest.Server) {
				ctx, ns, admin := t.Context(), redistest.Namespace(t), s.Admin(t)
				a, b := openReplica(t, s, ns, "a", registry.Options{}), openReplica(t, s, ns, "b", registry.Options{})
				must(t, a.RegisterClient(ctx, "keep", "p", named("m", "n")))
				must(t, a.RegisterClient(ctx, "other", "p", named("m")))
				must(t, a.SetModelQuotaExceeded(ctx, "keep", "m"))
				must(t, b.Sync(ctx))
				epoch := a.Position().Epoch
				key := "rollcall:{" + ns + "}:" + c.key
				field := c.field
				if field == "" { // the digest in the client's record
					field = strings.Split(admin.HGet(ctx, "rollcall:{"+ns+"}:clients", "keep").Val(), "\x1f")[1]
				}
				must(t, admin.HSet(ctx, key, field, c.text).Err())

				log, logged := logtest.NewNullLogger()
				o := openReplica(t, s, ns, "", registry.Options{Observer: true, Logger: log})
				if !o.ClientSupportsModel("other", "m") || len(logged.AllEntries()) == 0 {
					t.Errorf("an observer shows %q and says %d words", ids(o.GetAvailableModelInfos()), len(logged.AllEntries()))
				}
				err := o.SetModelQuotaExceeded(ctx, "keep", "m")
				if err == nil || errors.Is(err, registry.ErrPending) {
					t.Errorf("an observer's write: %v", err)
				}

				c.meet(t, s, ns, b)
				eventually(t, "a new epoch has the client and its marks", func() bool {
					for _, r := range []*registry.ModelRegistry{a, b} {
						if !r.ClientSupportsModel("keep", "m") || !r.ClientSupportsModel("other", "m") || r.GetModelCount("m") != 1 {
							t.Fatalf("a view shows less: %+v", r.Clients())
						}
					}
					text, err := admin.HGet(ctx, key, field).Result()
					return a.Position().Epoch != epoch && b.Health().Pending == 0 && err == nil && text != c.text
				})
				must(t, o.Sync(ctx))
				if !o.ClientSupportsModel("keep", "m") || o.GetModelCount("m") != 1 {
					t.Errorf("the observer shows %+v", o.Clients())
				}
			})
		})
	}
}

// TestUnreadableClientOfTheDead: a record that cannot be read does not keep the clients of a dead replica alive.
func TestUnreadableClientOfTheDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		a := openReplica(t, s, "default", "a", registry.Options{})
		dies, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "dies", Logger: silence()})
		must(t, err)
		defer dies.Close()
		must(t, a.RegisterClient(ctx, "of a", "p", named("m")))
		must(t, dies.RegisterClient(ctx, "of the dead", "p", named("n")))
		must(t, a.Sync(ctx))
		network.on.Store(true)
		s.Miniredis().HSet("rollcall:{default}:clients", "of the dead", "garbage")
		eventually(t, "the client of the dead is gone", func() bool {
			if !a.ClientSupportsModel("of a", "m") {
				t.Fatal("the view has lost a client")
			}
			return !a.ClientSupportsModel("of the dead", "n")
		})
		if left, err := s.Miniredis().HKeys("rollcall:{default}:clients"); err != nil || len(left) != 1 {
			t.Errorf("Redis has clients %q, %v", left, err)
		}
	})
}
