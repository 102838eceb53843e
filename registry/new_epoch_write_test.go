package registry_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestAWriteThatMetANewEpochWaits: a mark comes to an epoch that does not have its client yet, and while the replica asks
// which epoch that is its view moves there. The client is back, so the mark must not be refused.
func TestAWriteThatMetANewEpochWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &selective{}, t.Context()
		r, _ := network.openWith(t, s, registry.Options{OperationTimeout: 30 * time.Second, LeaseTTL: time.Hour})
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		<-time.After(10 * time.Second) // of the bubble: the follower waits in Redis
		epoch := r.Position().Epoch
		admin := s.Admin(t)
		must(t, admin.FlushAll(ctx).Err())
		other, err := store.New(admin, store.Options{Namespace: "default", Replica: "other"})
		must(t, err)
		defer other.Close()
		_, err = other.Begin(ctx, store.Position{}, store.Position{}, "test")
		must(t, err)

		suspend, head := runs("suspend"), runs("head")
		var sent, held atomic.Bool
		network.lose(func(request []byte) bool {
			if suspend(request) {
				sent.Store(true)
			} else if sent.Load() && head(request) && held.CompareAndSwap(false, true) {
				eventually(t, "the view shows the new epoch", func() bool { return r.Position().Epoch != epoch && r.Health().Connected })
				eventually(t, "the client is back", func() bool {
					n, err := admin.HExists(ctx, "rollcall:{default}:clients", "c").Result()
					return n && err == nil
				})
			}
			return false
		})
		waits(t, r.SuspendClientModel(ctx, "c", "m", "why"))
		if !held.Load() {
			t.Fatal("nothing was asked after the mark was refused")
		}
		eventually(t, "the mark is set", func() bool { return r.Health().Pending == 0 })
		if n := r.GetModelCount("m"); n != 0 {
			t.Errorf("%d clients can serve a model whose only client is suspended", n)
		}
	})
}
