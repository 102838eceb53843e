package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise11WhatOneAloneKnewComesBack loses all data after a mark that only one of a client's two holders has heard
// of, and has the other one begin the new epoch and bring the client first.
func TestPromise11WhatOneAloneKnewComesBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns, c := t.Context(), redistest.Namespace(t), s.Admin(t)
		open := func(id string) (r *registry.ModelRegistry, cut, restore func()) {
			network := &cable{}
			r = openOn(t, network.client(t, s), ns, id, registry.Options{})
			must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
			return r, network.cut, network.restore
		}
		knows, cutKnows, restoreKnows := open("knows")
		other, cutOther, restoreOther := open("other")
		must(t, knows.Sync(ctx))
		epoch := knows.Position().Epoch

		cutOther()
		must(t, knows.SuspendClientModel(ctx, "c", "m", "test"))
		cutKnows()
		prefix := "rollcall:{" + ns + "}:"
		keys, err := c.Keys(ctx, prefix+"*").Result()
		must(t, err)
		must(t, c.Del(ctx, keys...).Err())

		restoreOther()
		broughtBy := func(replica string) func() bool {
			return func() bool { return c.HGet(ctx, prefix+"meta", "asserted:"+replica).Val() == "1" }
		}
		eventually(t, "the other has brought the client", broughtBy("other"))
		if other.GetModelCount("m") != 1 {
			t.Fatal("the other has heard of the mark")
		}
		restoreKnows()
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
