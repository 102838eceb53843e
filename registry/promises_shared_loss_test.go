package registry_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise11WhatOneAloneKnewComesBack loses all data after a mark that only one of a client's two holders has heard
// of, and has the other one begin the new epoch and bring the client first.
func TestPromise11WhatOneAloneKnewComesBack(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns, c := t.Context(), redistest.Namespace(t), s.Admin(t)
		open := func(id string) (*registry.ModelRegistry, *redistest.Proxy) {
			p := redistest.NewProxy(t, s.Addr())
			options := s.Options()
			options.Addrs = []string{p.Addr()}
			client := redis.NewUniversalClient(options)
			t.Cleanup(func() { _ = client.Close() })
			r, err := registry.New(ctx, client, registry.Options{Namespace: ns, ReplicaID: id, Logger: silence()})
			must(t, err)
			t.Cleanup(func() { _ = r.Close() })
			must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
			return r, p
		}
		knows, toKnows := open("knows")
		other, toOther := open("other")
		must(t, knows.Sync(ctx))
		epoch := knows.Position().Epoch

		toOther.Cut()
		must(t, knows.SuspendClientModel(ctx, "c", "m", "test"))
		toKnows.Cut()
		prefix := "rollcall:{" + ns + "}:"
		keys, err := c.Keys(ctx, prefix+"*").Result()
		must(t, err)
		must(t, c.Del(ctx, keys...).Err())

		toOther.Restore()
		broughtBy := func(replica string) func() bool {
			return func() bool { return c.HGet(ctx, prefix+"meta", "asserted:"+replica).Val() == "1" }
		}
		eventually(t, "the other has brought the client", broughtBy("other"))
		if other.GetModelCount("m") != 1 {
			t.Fatal("the other has heard of the mark")
		}
		toKnows.Restore()
		eventually(t, "both have brought it", broughtBy("knows"))
		must(t, other.Sync(ctx))
		must(t, knows.Sync(ctx))
		for name, r := range map[string]*registry.ModelRegistry{"knows": knows, "other": other} {
			if r.GetModelCount("m") != 0 || r.GetModelCount("n") != 1 || r.Position().Epoch == epoch {
				t.Errorf("%s: counts %d and %d in epoch %s, want 0 and 1 in another than %s", name, r.GetModelCount("m"),
					r.GetModelCount("n"), r.Position().Epoch, epoch)
			}
		}
	})
}
