package registry_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// small is enough to see whether anything moved around client c and model m.
var small = universe{
	clients: []string{"c", "d", "ghost"}, models: []string{"m", "n", "none"},
	providers: []string{"p"}, handlers: []string{"openai", "gemini"},
}

func TestRule14UnknownModelsTakeNoMarks(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.unchanged(small, func() {
			ctx := f.t.Context()
			f.fails(f.a.SetModelQuotaExceeded(ctx, "c", "none"), registry.ErrNotRegistered)
			f.ok(f.a.ClearModelQuotaExceeded(ctx, "c", "none"))
			f.fails(f.b.SetModelQuotaExceeded(ctx, "c", "M"), registry.ErrNotRegistered)
			f.ok(f.b.ClearModelQuotaExceeded(ctx, "c", "M"))
		})
		// Nor did a mark stay behind for the day the model is there.
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", named("m", "none", "M")))
		f.count("none", 1)
		f.count("M", 1)
	})
}

func TestRule15QuotaAgainRestartsTheWindow(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.quota("c", "m")
		f.advance(3 * time.Minute)
		f.quota("c", "m")
		f.advance(3 * time.Minute)
		f.count("m", 0)
		// Any replica's report is news.
		f.ok(f.b.SetModelQuotaExceeded(f.t.Context(), "c", "m"))
		f.advance(3 * time.Minute)
		f.count("m", 0)
		f.advance(3 * time.Minute)
		f.count("m", 1)
	})
}

func TestRule16QuotaWindowIsStrict(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.quota("c", "m")
		f.count("m", 0)
		if f.still {
			f.advance(4*time.Minute + 59*time.Second)
			f.count("m", 0)
			f.listed("m")
			f.advance(time.Second)
		} else { // where time also passes by itself
			f.advance(4*time.Minute + 45*time.Second)
			f.count("m", 0)
			f.listed("m")
			f.advance(15 * time.Second)
		}
		f.count("m", 1)
		f.listed("m")
	})
}

func TestRule17RegisteringAgainDropsOwnMarks(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "a", "b", "gone")
		f.register("d", "p", "a", "b", "gone")
		for _, client := range []string{"c", "d"} {
			f.quota(client, "a")
			f.suspend(client, "b", "manual")
			f.suspend(client, "gone", "quota")
			f.quota(client, "gone")
		}
		f.count("a", 0)
		f.listed("a", "gone")

		f.register("c", "p", "a", "b")
		f.count("a", 1)
		f.count("b", 1)
		f.count("gone", 0)
		// The removed model's marks are gone too, those of d are not.
		f.register("c", "p", "a", "b", "gone")
		f.count("gone", 1)
		f.quota("c", "a")
		f.quota("c", "b")
		f.quota("c", "gone")
		f.count("a", 0)
		f.count("b", 0)

		// The same list, without any change, does it as well.
		f.register("c", "p", "a", "b", "gone")
		f.count("a", 1)
		f.count("b", 1)
		f.count("gone", 1)
	})
}

func TestRule17FirstRegistrationDropsNothing(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.quota("c", "m")
		f.register("d", "p", "m")
		f.count("m", 1)
	})
}

func TestRule18SuspensionsStayAndTheFirstReasonWins(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		ctx := f.t.Context()
		f.register("c", "p", "m", "n")
		f.unchanged(small, func() {
			f.fails(f.a.SuspendClientModel(ctx, "", "m", "quota"), registry.ErrInvalid)
			f.fails(f.a.SuspendClientModel(ctx, "c", "", "quota"), registry.ErrInvalid)
			f.fails(f.a.SuspendClientModel(ctx, "c", "none", "quota"), registry.ErrNotRegistered)
		})

		f.suspend("c", "m", "QUOTA")
		f.suspend("c", "m", "manual")
		f.ok(f.b.SuspendClientModel(ctx, "c", "m", "manual"))
		f.listed("m", "n")
		f.suspend("c", "n", "manual")
		f.suspend("c", "n", "quota")
		f.listed("m")

		f.advance(100 * time.Hour)
		f.count("m", 0)
		f.count("n", 0)
		f.listed("m")
	})
}

func TestRule19QuotaReasonIgnoresCaseOnly(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for _, c := range []struct {
			reason  string
			cooling bool
		}{
			{"quota", true}, {"QUOTA", true}, {"qUoTa", true},
			{" quota ", false}, {"quota ", false}, {"", false}, {"quota exceeded", false}, {"manual", false},
		} {
			f.register("c", "p", "m")
			f.suspend("c", "m", c.reason)
			f.count("m", 0)
			if c.cooling {
				f.listed("m")
			} else {
				f.listed()
			}
			f.unregister("c")
		}
	})
}

func TestRule20NothingToClearOrResume(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		ctx := f.t.Context()
		f.register("c", "p", "m", "n")
		f.register("d", "p", "m")
		f.quota("d", "m")
		f.suspend("c", "n", "quota")
		f.unchanged(small, func() {
			for _, r := range []replica{f.a, f.b} {
				f.ok(r.ClearModelQuotaExceeded(ctx, "c", "m"))
				f.ok(r.ResumeClientModel(ctx, "c", "m"))
				f.ok(r.ResumeClientModel(ctx, "d", "m"))       // over quota, not suspended
				f.ok(r.ClearModelQuotaExceeded(ctx, "c", "n")) // suspended, not over quota
				f.ok(r.ClearModelQuotaExceeded(ctx, "ghost", "none"))
				f.ok(r.ResumeClientModel(ctx, "ghost", "none"))
			}
		})
		// Where there is a mark, each takes its own, from any replica.
		f.ok(f.b.ClearModelQuotaExceeded(ctx, "d", "m"))
		f.ok(f.b.ResumeClientModel(ctx, "c", "n"))
		f.count("m", 2)
		f.count("n", 1)
	})
}
