package registry_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// The tests of this file and its neighbours hold the promises that docs/promises.md lists; the number in a name is the
// promise's.

// eventually returns when cond holds. Its limit is for machines that run many tests at once.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !cond() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it did not come to this: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPromise04PositionNeverGoesBack looks at the positions of two replicas all the time while both write.
func TestPromise04PositionNeverGoesBack(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		ns := redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		var writing, watching sync.WaitGroup
		done := make(chan struct{})
		for _, r := range []*registry.ModelRegistry{a, b} {
			watching.Go(func() {
				tick := time.NewTicker(20 * time.Microsecond) // shorter than a write takes
				defer tick.Stop()
				for last := r.Position(); ; {
					now := r.Position()
					if now.Epoch != last.Epoch || now.Revision < last.Revision {
						t.Errorf("from %s to %s", last, now)
						return
					}
					last = now
					select {
					case <-done:
						return
					case <-tick.C:
					}
				}
			})
			for w := range 3 {
				writing.Go(func() { churn(t, r, fmt.Sprintf("%p-%d", r, w), 12) })
			}
		}
		writing.Wait()
		close(done)
		watching.Wait()
	})
}

// churn registers, marks and unregisters a client again and again.
func churn(t *testing.T, r *registry.ModelRegistry, client string, rounds int) {
	ctx := t.Context()
	for n := range rounds {
		err := r.RegisterClient(ctx, client, "p"+strconv.Itoa(n%2), named("m", "m", "n"+strconv.Itoa(n%3)))
		if err == nil {
			err = r.SetModelQuotaExceeded(ctx, client, "m")
		}
		if err == nil && n%3 == 2 {
			err = r.UnregisterClient(ctx, client)
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}

// TestPromise07OwnWritesShowAtOnce writes on two replicas at once. Each finds its own write when the call returns, and
// the other's after Sync, or after WaitFor with the position.
func TestPromise07OwnWritesShowAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		var both sync.WaitGroup
		for _, pair := range [][2]*registry.ModelRegistry{{a, b}, {b, a}} {
			writer, reader := pair[0], pair[1]
			both.Go(func() {
				for n := range 50 {
					client := fmt.Sprintf("%p-%d", writer, n)
					if err := writer.RegisterClient(ctx, client, "p", named("m")); err != nil {
						t.Error(err)
						return
					}
					if !writer.ClientSupportsModel(client, "m") {
						t.Errorf("%s is not in the writer's view", client)
					}
					show := reader.Sync
					if n%2 == 0 {
						position := writer.Position()
						show = func(ctx context.Context) error { return reader.WaitFor(ctx, position) }
					}
					if err := show(ctx); err != nil {
						t.Error(err)
						return
					}
					if !reader.ClientSupportsModel(client, "m") {
						t.Errorf("%s is not in the other's view", client)
					}
				}
			})
		}
		both.Wait()
	})
}
