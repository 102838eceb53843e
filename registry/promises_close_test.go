package registry_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise19CloseAmidWrites closes a replica while eight goroutines register clients. Where Close says so, nothing of
// it is left, whatever the writers were told.
func TestPromise19CloseAmidWrites(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		for round := range 5 {
			ns := redistest.Namespace(t)
			other := openReplica(t, s, ns, "other", registry.Options{})
			r := openReplica(t, s, ns, "closing", registry.Options{})
			var writers sync.WaitGroup
			begun := make(chan struct{}, 8)
			for w := range 8 {
				writers.Go(func() {
					for i := 0; ; i++ {
						err := r.RegisterClient(ctx, fmt.Sprintf("c-%d-%d", w, i), "p", named("m"))
						if i == 3 || (i < 3 && err != nil) {
							begun <- struct{}{}
						}
						if err != nil {
							if !errors.Is(err, registry.ErrClosed) {
								t.Errorf("a write amid Close: %v", err)
							}
							return
						}
					}
				})
			}
			for range 8 {
				<-begun
			}
			err := r.Close()
			writers.Wait()
			if err != nil { // on a slow machine it may have cut off a write, whose hold ends with a lease
				t.Logf("Close: %v", err)
				continue
			}
			must(t, other.Sync(ctx))
			if n := other.GetModelCount("m"); n != 0 {
				t.Fatalf("round %d: %d clients of the closed replica are left", round, n)
			}
			leases := s.Admin(t).ZRange(ctx, "rollcall:{"+ns+"}:leases", 0, -1).Val()
			if len(leases) != 1 {
				t.Errorf("leases of %q", leases)
			}
		}
	})
}

// TestPromise19CloseCutsWritesOff closes while a write hangs in a silent network for longer than Close may wait.
func TestPromise19CloseCutsWritesOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence(), OperationTimeout: 10 * time.Second})
		must(t, err)
		network.on.Store(true)
		told := make(chan error, 1)
		go func() { told <- r.RegisterClient(ctx, "c", "p", named("m")) }()
		synctest.Wait()
		began := time.Now()
		if err := r.Close(); !errors.Is(err, registry.ErrUnavailable) || time.Since(began) > 2*time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(began))
		}
		if err := <-told; !errors.Is(err, registry.ErrClosed) || errors.Is(err, registry.ErrPending) {
			t.Errorf("the write: %v", err)
		}
	})
}

// TestPromise19CloseWhileRedisIsAway closes when the replica knows already that Redis is away: it tries all the same, and
// says so where Redis could not be told.
func TestPromise19CloseWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"redis stays away": false, "redis is back, and nobody noticed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
				other := openReplica(t, s, "default", "other", registry.Options{})
				r, err := registry.New(ctx, network.client(t, s), registry.Options{Logger: silence()})
				must(t, err)
				must(t, r.RegisterClient(ctx, "c", "p", named("m")))
				must(t, other.Sync(ctx))
				network.on.Store(true)
				eventually(t, "the replica knows", func() bool { return !r.Health().Connected })
				network.on.Store(!back)
				began := time.Now()
				if err := r.Close(); errors.Is(err, registry.ErrUnavailable) == back || time.Since(began) > 2*time.Second {
					t.Errorf("Close: %v after %v", err, time.Since(began))
				}
				must(t, other.Sync(ctx))
				if other.ClientSupportsModel("c", "m") == back {
					t.Errorf("the client is still there: %v", !back)
				}
			})
		})
	}
}

// TestPromise19TheOvertakenGivesUpNothing: a replica whose name another process took over, while it was cut off, closes
// without taking the other's clients with it.
func TestPromise19TheOvertakenGivesUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		watching := openReplica(t, s, "default", "watching", registry.Options{})
		first, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "twin", Logger: silence()})
		must(t, err)
		must(t, first.RegisterClient(ctx, "c", "p", named("m")))
		network.on.Store(true)
		second := openReplica(t, s, "default", "twin", registry.Options{})
		must(t, second.RegisterClient(ctx, "c", "p", named("m")))
		network.on.Store(false)
		must(t, first.Close())
		must(t, watching.Sync(ctx))
		if !watching.ClientSupportsModel("c", "m") {
			t.Error("the client of the second process is gone")
		}
	})
}
