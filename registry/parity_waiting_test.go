package registry_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// closeAndReopen lets a's clients go with their replica, and puts a new replica in its place.
func (f *fleet) closeAndReopen(id string) {
	f.t.Helper()
	f.sync()
	f.ok(f.a.Close())
	f.a = f.open(id, registry.Options{})
}

func TestAdditionMarksWaitForAClientThatReturns(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		ctx := f.t.Context()
		f.register("c", "p", "m", "n", "o")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")
		f.suspend("c", "o", "quota")
		f.closeAndReopen("a2")

		f.listed()
		f.count("m", 0)
		f.clientModels("c")
		f.fails(f.b.SetModelQuotaExceeded(ctx, "c", "m"), registry.ErrNotRegistered)
		f.fails(f.b.SuspendClientModel(ctx, "c", "m", "manual"), registry.ErrNotRegistered)
		f.ok(f.b.RegisterClient(ctx, "d", "p", named("m", "n")))
		f.count("m", 1) // a waiting mark lowers nothing
		f.count("n", 1)

		f.advance(2 * time.Minute)
		f.ok(f.b.RegisterClient(ctx, "c", "p", named("m", "n", "o")))
		f.count("m", 1) // d's
		f.count("n", 1)
		f.count("o", 0)
		f.listed("m", "n", "o")

		// The deadline is still the old one.
		f.advance(4 * time.Minute)
		f.count("m", 2)
		f.count("n", 1)
	})
}

func TestAdditionWaitingMarksEnd(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")
		f.closeAndReopen("a2")

		f.advance(23 * time.Hour)
		f.register("c", "p", "m", "n")
		f.count("m", 1) // over long ago
		f.count("n", 0) // 23 of 24 hours
		f.closeAndReopen("a3")

		f.advance(25 * time.Hour)
		f.register("c", "p", "m", "n")
		f.count("m", 1)
		f.count("n", 1)
	})
}

func TestAdditionWaitingMarksNeedTheirModel(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")
		f.closeAndReopen("a2")

		f.register("c", "p", "m")
		f.count("m", 0)
		// n's mark went when the client came back without n.
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", named("m", "n")))
		f.count("m", 0)
		f.count("n", 1)
	})
}

func TestAdditionOnlyClosingLeavesMarksWaiting(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.quota("c", "m")
		f.unregister("c")
		f.closeAndReopen("a2")
		f.register("c", "p", "m")
		f.count("m", 1)
	})
}

func TestAdditionWaitingMarksWaitOnce(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.suspend("c", "m", "manual")
		f.closeAndReopen("a2")
		f.register("c", "p", "m")
		f.count("m", 0)
		f.unregister("c")
		f.register("c", "p", "m")
		f.count("m", 1)
	})
}
