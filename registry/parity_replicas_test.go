package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestDifferenceIJoiningKeepsMarks(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")

		// b did not hold the client: its start erases nothing.
		join := func() { f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", named("m", "n"))) }
		join()
		f.count("m", 0)
		f.count("n", 0)
		f.listed("m")
		// Now it does.
		join()
		f.count("m", 1)
		f.count("n", 1)
	})
}

func TestDifferenceIJoiningWithAnotherList(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.quota("c", "n")
		// The last registration wins; only marks whose model went are gone.
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "q", named("n", "o")))
		f.clientModels("c", "n", "o")
		f.providers("n", "q")
		f.count("m", 0)
		f.count("n", 0)
		f.count("o", 1)
		late := f.open("late", registry.Options{})
		f.ok(late.RegisterClient(f.t.Context(), "c", "q", named("m", "n", "o")))
		f.count("m", 1)
		f.count("n", 0)
	})
}

func TestAdditionKeepMarks(t *testing.T) {
	everywhere(t, false, registry.Options{KeepMarks: true}, func(f *fleet) {
		f.register("c", "p", "m", "n", "gone")
		f.quota("c", "m")
		f.suspend("c", "n", "manual")
		f.quota("c", "gone")
		f.register("c", "p", "m", "n", "gone")
		f.count("m", 0)
		f.count("n", 0)
		f.register("c", "other", "n", "m")
		f.count("m", 0)
		f.count("n", 0)
		f.register("c", "other", "n", "m", "gone")
		f.count("gone", 1)
	})
}

func TestAdditionAClientGoesWithItsLastHold(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "m")
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", named("m", "m")))
		f.count("m", 2) // holds do not multiply
		f.quota("c", "m")

		f.unregister("c")
		f.count("m", 1)
		f.supports("c", "m", true)
		// a has no hold left to give up, and no list without models changes that.
		f.unchanged(small, func() {
			f.unregister("c")
			f.register("c", "p")
			f.register("c", "p", "")
		})
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", nil))
		f.count("m", 0)
		f.clientModels("c")
		f.register("c", "p", "m")
		f.count("m", 1) // its mark went too
	})
}

func TestAdditionClosingGivesUpHolds(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.register("shared", "p", "m", "n")
		f.ok(f.b.RegisterClient(f.t.Context(), "shared", "p", named("m", "n")))
		f.quota("shared", "m")
		f.sync()
		f.ok(f.a.Close())

		f.a = f.open("a", registry.Options{}) // the same replica, started again
		f.clientModels("c")
		f.clientModels("shared", "m", "n")
		f.count("m", 0)
		f.count("n", 1)

		// It holds nothing yet: it can neither give up the client nor drop its marks.
		f.unregister("shared")
		f.count("n", 1)
		f.register("shared", "p", "m", "n")
		f.count("m", 0)
		f.register("shared", "p", "m", "n")
		f.count("m", 1)
	})
}

func TestAdditionNoChangeNoRevision(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		if !f.real {
			return
		}
		ctx := f.t.Context()
		f.register("c", "P", "m", "m", "n")
		f.ok(f.b.RegisterClient(ctx, "d", "", named("m")))
		f.suspend("c", "m", "first")
		f.sync()
		state := func() []any {
			var all []any
			for _, r := range []replica{f.a, f.b} {
				f.ok(r.Sync(ctx))
				r := r.(*registry.ModelRegistry)
				all = append(all, r.Position(), r.GetGeneration())
			}
			return all
		}
		for name, write := range map[string]func() error{
			"identical registration":     func() error { return f.b.RegisterClient(ctx, "d", "", named("m")) },
			"unregister a stranger":      func() error { return f.a.UnregisterClient(ctx, "ghost") },
			"unregister another's":       func() error { return f.a.UnregisterClient(ctx, "d") },
			"no models for another's":    func() error { return f.a.RegisterClient(ctx, "d", "p", nil) },
			"clear nothing":              func() error { return f.a.ClearModelQuotaExceeded(ctx, "c", "m") },
			"resume nothing":             func() error { return f.b.ResumeClientModel(ctx, "d", "m") },
			"suspend again":              func() error { return f.b.SuspendClientModel(ctx, "c", "m", "second") },
			"clean up nothing":           func() error { _, err := f.a.CleanupExpiredQuotas(ctx); return err },
			"synchronize":                func() error { return f.b.Sync(ctx) },
			"wait for what is there":     func() error { r := f.a.(*registry.ModelRegistry); return r.WaitFor(ctx, r.Position()) },
			"clear for an unknown pair":  func() error { return f.b.ClearModelQuotaExceeded(ctx, "ghost", "none") },
			"resume for an unknown pair": func() error { return f.a.ResumeClientModel(ctx, "c", "none") },
		} {
			before := state()
			f.ok(write())
			for i, after := range state() {
				if after != before[i] {
					f.t.Errorf("%s: %v became %v", name, before[i], after)
				}
			}
		}
	})
}
