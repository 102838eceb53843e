package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestRule01UnusableModelsAreSkipped(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		models := []*registry.ModelInfo{nil, {ID: ""}, {ID: "m"}, {DisplayName: "no ID"}}
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", models))
		f.count("m", 1)
		f.count("", 0)
		f.clientModels("c", "m")

		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{nil, {ID: ""}}))
		f.count("m", 0)
		f.clientModels("c")
		f.listed()
	})
}

func TestRule02NoModelsUnregister(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m")
		f.info("m", &registry.ModelInfo{ID: "m"})

		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", nil))
		f.count("m", 0)
		f.info("m", nil)
		f.clientModels("c")
		f.supports("c", "m", false)
		f.providers("m")
	})
}

func TestRule03DuplicatesCount(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "OpenAI", "a", "a", "b")
		f.count("a", 2)
		f.count("b", 1)
		f.providers("a", "openai")
		// Two registrations of one client weigh more than one of another: a is openai's first.
		f.register("d", "able", "a")
		f.providers("a", "openai", "able")

		f.register("e", "p", "z", "a", "z", "m")
		f.clientModels("e", "z", "a", "m")
		f.count("z", 2)
	})
}

func TestRule04FirstDuplicateDescribes(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		first := &registry.ModelInfo{ID: "m", DisplayName: "first", Created: 1}
		second := &registry.ModelInfo{ID: "m", DisplayName: "second", Created: 2}
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{first, second}))
		f.info("m", first)
		f.expect("GetModelsForClient(c)", []*registry.ModelInfo{first},
			func(r reader) any { return r.GetModelsForClient("c") })
	})
}

func TestRule05ProviderIsLowerCasedNotTrimmed(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "GeMiNi ", "m")
		f.providers("m", "gemini ")
	})
}

func TestRule06EmptyProviderIsAllowed(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "", "m")
		f.count("m", 1)
		f.providers("m")
		f.listed("m")
		f.info("m", &registry.ModelInfo{ID: "m"})
	})
}

func TestRule07IDsAreRaw(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", " gpt ")
		f.count("gpt", 0)
		f.count(" gpt ", 1)
		f.supports("c", "GPT", true)
		f.clientModels("c", " gpt ")
		f.listed(" gpt ")
		f.info("gpt", nil)

		f.register("d", "p", "openai/gpt-5:free", "ü-модель-模型", "100% new")
		f.clientModels("d", "openai/gpt-5:free", "ü-модель-模型", "100% new")
		f.count("ü-модель-模型", 1)
	})
}

func TestRule08OnlySupportIgnoresCaseAndSpace(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("Client", "p", "Model-S", "ΣΊΣΥΦΟΣ")
		for _, c := range []struct {
			client, model string
			want          bool
		}{
			{"Client", "Model-S", true},
			{"Client", "mODEL-s", true},
			{"  Client\t", "\n model-s ", true},
			{"Client", "model-ſ", true}, // folds to s, though lower-casing keeps it
			{"Client", "σίσυφος", true}, // a final sigma folds too
			{"Client", "ςίςυφοσ", true},
			{"client", "Model-S", false},
			{"Client", "Model", false},
			{"Client", "Model-SS", false},
			{"", "Model-S", false},
			{"Client", "", false},
		} {
			f.supports(c.client, c.model, c.want)
		}
		f.count("Model-S", 1)
		f.count("model-s", 0)
		f.count(" Model-S", 0)
		f.providers("model-s")
		f.info("model-s", nil)
		f.clientModels("client")
		f.clientModels(" Client")

		f.fails(f.a.SetModelQuotaExceeded(f.t.Context(), "client", "Model-S"), registry.ErrNotRegistered)
		f.fails(f.a.SuspendClientModel(f.t.Context(), "Client", "model-s", "quota"), registry.ErrNotRegistered)
		f.ok(f.a.UnregisterClient(f.t.Context(), "client"))
		f.count("Model-S", 1)
	})
}

func TestRule09SameListLeavesCounters(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for range 3 {
			f.register("c", "p", "a", "a", "b")
			f.count("a", 2)
			f.count("b", 1)
			f.providers("a", "p")
		}
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "P", named("a", "a", "b")))
		f.count("a", 2)
		f.count("b", 1)
	})
}
