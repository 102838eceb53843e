package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

func TestQuotaMarkReachesAnotherReplicaAndEnds(t *testing.T) {
	t.Parallel()
	onBothMoving(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		expect := func(when string, want int) {
			t.Helper()
			if err := b.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			if got := b.GetModelCount("m"); got != want {
				t.Errorf("%s: b counts %d, want %d", when, got, want)
			}
		}
		for _, client := range []string{"c", "d"} {
			if err := a.RegisterClient(ctx, client, "p", named("m")); err != nil {
				t.Fatal(err)
			}
		}
		expect("at first", 2)
		if err := a.SetModelQuotaExceeded(ctx, "c", "m"); err != nil {
			t.Fatal(err)
		}
		expect("marked by a", 1)
		moveClock(t, s, 3*time.Minute)
		expect("inside the window", 1)
		moveClock(t, s, 3*time.Minute)
		expect("past the window", 2)
	})
}

// cleanup expects how many marks there are to remove.
func (f *fleet) cleanup(r replica, want int) {
	f.t.Helper()
	removed, err := r.CleanupExpiredQuotas(f.t.Context())
	f.ok(err)
	if removed != want {
		f.t.Errorf("removed %d marks, want %d", removed, want)
	}
}

func TestAdditionCleanupCountsEndedQuotaMarks(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.register("d", "p", "m", "n")
		f.quota("c", "m")
		f.quota("d", "m")
		f.suspend("d", "m", "manual")
		f.cleanup(f.a, 0)
		f.advance(3 * time.Minute)
		f.quota("c", "n")
		f.advance(3 * time.Minute)
		f.unchanged(small, func() {
			f.cleanup(f.b, 2)
			f.cleanup(f.a, 0)
		})
		f.count("m", 1) // the suspension stays
		f.count("n", 1)
	})
}

func TestAdditionCleanupFindsWhatEndedBeforeNewMarks(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.advance(6 * time.Minute) // no deadline is left
		f.quota("c", "n")
		f.cleanup(f.b, 1)
		f.cleanup(f.a, 0)
		f.count("m", 1)
		f.count("n", 0)
	})
}

func TestAdditionCleanupCountsWaitingMarks(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")
		f.closeAndReopen("a2")
		f.cleanup(f.b, 0)
		f.advance(6 * time.Minute)
		f.cleanup(f.b, 1)
		f.advance(25 * time.Hour)
		f.cleanup(f.b, 1)
		f.cleanup(f.a, 0)
	})
}

func TestAdditionRefusalsNameTheField(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		if !f.real {
			return
		}
		ctx := f.t.Context()
		f.register("c", "p", "m")
		long := strings.Repeat("x", 2000)
		for field, write := range map[string]func() error{
			"clientID":       func() error { return f.a.RegisterClient(ctx, long, "p", named("m")) },
			"clientProvider": func() error { return f.a.RegisterClient(ctx, "c", long, named("m")) },
			"models[3].id":   func() error { return f.a.RegisterClient(ctx, "c", "p", named("m", "n", "", long)) },
			"modelID":        func() error { return f.a.SetModelQuotaExceeded(ctx, "c", "") },
			"reason":         func() error { return f.a.SuspendClientModel(ctx, "c", "m", long) },
		} {
			f.unchanged(small, func() {
				var invalid *registry.InvalidError
				if err := write(); !errors.As(err, &invalid) || invalid.Field != field || invalid.Problem == "" {
					f.t.Errorf("error %v, want one that names %s", err, field)
				}
			})
		}
	})
}
