package registry_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestDifferenceAReadsDoNotWaitForWriters(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		if !f.real {
			return
		}
		f.register("always", "p", "m")
		f.sync()
		// Every write meets a burst of reads on both replicas.
		during := func(write func()) {
			var readers sync.WaitGroup
			for _, r := range []replica{f.a, f.b, f.a, f.b} {
				readers.Go(func() {
					for range 200 {
						if model, err := r.GetFirstAvailableModel("openai"); model != "m" || err != nil {
							f.t.Errorf("GetFirstAvailableModel: %q, %v", model, err)
							return
						}
					}
				})
			}
			write()
			readers.Wait()
		}
		for range 20 {
			during(func() { f.register("sometimes", "p", "m", "n") })
			during(func() { f.quota("sometimes", "m") })
			during(func() { f.unregister("sometimes") })
		}
	})
}

func TestDifferenceBAnswersAreTheCallersOwn(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		given := full.Clone()
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{given}))
		u := universe{[]string{"c"}, []string{"full", "spoilt"}, []string{"p"}, handlers}
		f.unchanged(u, func() {
			spoil(given)
			for _, r := range []reader{f.a, f.b} {
				spoil(r.GetModelInfo("full"))
				spoil(r.GetModelInfo("full", "p"))
				spoil(r.GetModelsForClient("c")...)
				spoil(r.GetAvailableModelInfos()...)
				spoil(r.GetAvailableModelsByProvider("p")...)
				r.GetModelProviders("full")[0] = "spoilt"
				for _, handler := range handlers {
					for _, m := range r.GetAvailableModels(handler) {
						for _, value := range m {
							if list, ok := value.([]string); ok {
								list[0] = "spoilt"
							}
						}
						clear(m)
					}
				}
			}
		})
	})
}

// spoil writes over everything a description refers to, and over the list.
func spoil(models ...*registry.ModelInfo) {
	for i, m := range models {
		m.ID, m.DisplayName = "spoilt", "spoilt"
		m.SupportedGenerationMethods[0] = "spoilt"
		m.SupportedParameters[0] = "spoilt"
		m.SupportedInputModalities[0] = "spoilt"
		m.SupportedOutputModalities[0] = "spoilt"
		m.Thinking.Min = 99
		m.Config.OverrideHeader["a"] = "spoilt"
		models[i] = nil
	}
}

func TestDifferenceCAClientIsSubtractedOnce(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.register("d", "p", "m")
		f.quota("c", "m")
		f.suspend("c", "m", "quota")
		f.count("m", 1)
		f.first("m", "")
		f.ok(f.b.ClearModelQuotaExceeded(f.t.Context(), "c", "m"))
		f.count("m", 1)
		f.ok(f.b.ResumeClientModel(f.t.Context(), "c", "m"))
		f.count("m", 2)
	})
}

func TestDifferenceDMarksNeedASupplier(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.register("d", "p", "n")
		f.unchanged(small, func() {
			ctx := f.t.Context()
			for _, pair := range [][2]string{{"ghost", "m"}, {"d", "m"}, {"c", "none"}, {"C", "m"}, {"c ", "m"}} {
				f.fails(f.a.SetModelQuotaExceeded(ctx, pair[0], pair[1]), registry.ErrNotRegistered)
				f.fails(f.b.SuspendClientModel(ctx, pair[0], pair[1], "quota"), registry.ErrNotRegistered)
			}
			f.fails(f.a.SetModelQuotaExceeded(ctx, "", "m"), registry.ErrInvalid)
			f.fails(f.a.SetModelQuotaExceeded(ctx, "c", ""), registry.ErrInvalid)
			f.fails(f.a.SuspendClientModel(ctx, "", "m", "quota"), registry.ErrInvalid)
		})
		// A client that left cannot be marked either.
		f.unregister("d")
		f.fails(f.b.SetModelQuotaExceeded(f.t.Context(), "d", "n"), registry.ErrNotRegistered)
	})
}

func TestDifferenceEListsAreOrdered(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for _, id := range []string{"b", "a/2", "ü", "B", "a", "10", "9", " "} {
			f.register("client of "+id, "p", id)
		}
		f.listed(" ", "10", "9", "B", "a", "a/2", "b", "ü")

		// Of equally new models the first ID, and undated ones do not disturb the dated.
		f.ok(f.a.RegisterClient(f.t.Context(), "dated", "p", []*registry.ModelInfo{
			{ID: "y", Created: 5}, {ID: "x", Created: 5}, {ID: "0"}, {ID: "z", Created: 4},
		}))
		f.first("x", "")
	})
}

func TestDifferenceFFirstAvailableForGemini(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "gemini", []*registry.ModelInfo{
			{ID: "gemini-x", Name: "models/gemini-x", Created: 7}, {ID: "gemini-w", Created: 6},
		}))
		f.first("gemini-x", "") // the ID, not the name
	})
}

func TestDifferenceHEmptyClientIsRefused(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.unchanged(small, func() {
			err := f.a.RegisterClient(f.t.Context(), "", "p", named("m", "n"))
			f.fails(err, registry.ErrInvalid)
			if invalid := (*registry.InvalidError)(nil); f.real && (!errors.As(err, &invalid) || invalid.Field != "clientID") {
				f.t.Errorf("error %v does not name clientID", err)
			}
		})
	})
}

func TestDifferenceJQuotaWindowIsAnOption(t *testing.T) {
	everywhere(t, true, registry.Options{QuotaWindow: time.Minute}, func(f *fleet) {
		f.register("c", "p", "m")
		f.quota("c", "m")
		f.advance(30 * time.Second)
		f.count("m", 0)
		f.advance(30 * time.Second)
		f.count("m", 1)

		// Each replica has its own, and a shorter one does not shorten what a longer one said.
		patient := f.open("patient", registry.Options{QuotaWindow: time.Hour})
		f.ok(patient.SetModelQuotaExceeded(f.t.Context(), "c", "m"))
		f.quota("c", "m")
		f.advance(30 * time.Minute)
		f.count("m", 0)
		f.advance(30 * time.Minute)
		f.count("m", 1)
	})
}

func TestDifferenceLFirstReasonWins(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		// Neither of two suspensions without a deadline is the longer one.
		f.register("c", "p", "m")
		f.suspend("c", "m", "manual")
		f.ok(f.b.SuspendClientModel(f.t.Context(), "c", "m", "quota"))
		f.listed()
		f.ok(f.b.ResumeClientModel(f.t.Context(), "c", "m"))
		f.ok(f.b.SuspendClientModel(f.t.Context(), "c", "m", "quota"))
		f.listed("m")
	})
}
