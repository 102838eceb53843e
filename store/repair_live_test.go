package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// A count is damaged; verify finds it, repair mends it, and the replicas serve all the time what they served before.
func TestRepairWhileReplicasServe(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		var replicas []*registry.ModelRegistry
		for _, id := range []string{"a", "b"} {
			r, err := registry.New(ctx, server.Client(t), registry.Options{
				Namespace: ns, ReplicaID: id, OperationTimeout: 20 * time.Second,
			})
			must(t, err)
			defer r.Close()
			must(t, r.RegisterClient(ctx, "of "+id, "p", []*registry.ModelInfo{{ID: "m"}, {ID: id}}))
			replicas = append(replicas, r)
		}
		must(t, replicas[0].SetModelQuotaExceeded(ctx, "of a", "a"))
		for _, r := range replicas {
			must(t, r.Sync(ctx))
		}
		serves := func() {
			t.Helper()
			for _, r := range replicas {
				if n, a := r.GetModelCount("m"), r.GetModelCount("a"); n != 2 || a != 0 {
					t.Fatalf("counts of m and a: %d and %d, want 2 and 0", n, a)
				}
			}
		}
		s, err := store.New(server.Client(t), store.Options{Namespace: ns, Replica: "observer"})
		must(t, err)
		defer s.Close()
		must(t, server.Admin(t).HSet(ctx, "rollcall:{"+ns+"}:counts", "m", 7).Err())
		v, err := s.Verify(ctx)
		must(t, err)
		if want := (store.Difference{Key: "counts", Field: "m", Stored: "7", Recomputed: "2"}); !slices.Equal(v.Differences, []store.Difference{want}) {
			t.Fatalf("found %+v", v)
		}
		done := make(chan error)
		go func() {
			how, err := s.Repair(ctx)
			if err == nil && how != store.RepairedByEpoch {
				t.Errorf("repaired by %s", how)
			}
			done <- err
		}()
		for repairing := true; repairing; {
			select {
			case err := <-done:
				must(t, err)
				repairing = false
			default:
			}
			serves()
		}
		for _, r := range replicas {
			must(t, r.Sync(ctx))
		}
		serves()
		if v, err = s.Verify(ctx); err != nil || len(v.Differences) > 0 || v.Clients != 2 || v.Marks != 1 {
			t.Errorf("afterwards %+v, %v", v, err)
		}
	})
}
