package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

// described registers client, of provider, with one model m whose display name is name.
func (f *fleet) described(r replica, client, provider, name string) {
	f.t.Helper()
	f.ok(r.RegisterClient(f.t.Context(), client, provider, []*registry.ModelInfo{{ID: "m", DisplayName: name}}))
}

// name expects the display name of m, for a provider or ("") in general.
func (f *fleet) name(provider, want string) {
	f.t.Helper()
	f.expect("GetModelInfo(m, "+provider+").DisplayName", want, func(r reader) any {
		m := r.GetModelInfo("m", provider)
		if m == nil {
			return "nil"
		}
		return m.DisplayName
	})
}

func TestDifferenceGTheDepartedDescribeNothing(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.described(f.a, "c1", "p", "one")
		f.described(f.b, "c2", "p", "two")
		f.described(f.a, "c3", "p", "three")
		f.name("", "three")
		f.unregister("c3")
		f.name("", "two")
		// A client that drops the model from its list counts as departed.
		f.ok(f.b.RegisterClient(f.t.Context(), "c2", "p", named("n")))
		f.name("", "one")
		f.unregister("c1")
		f.name("", "nil")
	})
}

func TestDifferenceGListsUseTheSameDescription(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.described(f.a, "c1", "p", "one")
		f.described(f.a, "c2", "p", "two")
		f.expect("GetAvailableModels(openai)", []map[string]any{
			{"id": "m", "object": "model", "owned_by": "", "display_name": "two"},
		}, func(r reader) any { return r.GetAvailableModels("openai") })
		f.unregister("c2")
		f.expect("GetAvailableModels(openai)", []map[string]any{
			{"id": "m", "object": "model", "owned_by": "", "display_name": "one"},
		}, func(r reader) any { return r.GetAvailableModels("openai") })
		// Each client keeps its own words.
		f.described(f.a, "c2", "p", "two")
		f.expect("GetModelsForClient(c1)", []*registry.ModelInfo{{ID: "m", DisplayName: "one"}},
			func(r reader) any { return r.GetModelsForClient("c1") })
	})
}

func TestDifferenceKDescriptionOfAProvider(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.described(f.a, "c1", "One", "one")
		f.described(f.a, "c2", "two", "two")
		f.described(f.a, "c3", "two", "two again")
		f.described(f.a, "c4", "", "nobody's")
		f.name("", "nobody's")
		f.name("one", "one")
		f.name("ONE", "one")
		f.name("two", "two again")
		f.name("unknown", "nobody's")
		f.name(" one", "nobody's")

		f.unregister("c3")
		f.name("two", "two")
		f.unregister("c2")
		f.name("two", "nobody's")
		// Marks do not matter here.
		f.quota("c1", "m")
		f.suspend("c1", "m", "manual")
		f.name("one", "one")
		f.expect("GetModelInfo(none, one)", (*registry.ModelInfo)(nil),
			func(r reader) any { return r.GetModelInfo("none", "one") })
	})
}

func TestAdditionRecencyMovesWithDefinitionsOnly(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.described(f.a, "c1", "p", "one")
		f.described(f.a, "c2", "p", "two")

		f.described(f.a, "c1", "p", "one") // identical
		f.name("", "two")
		f.described(f.b, "c1", "P", "one") // identical, by a replica that joins
		f.name("", "two")
		f.quota("c1", "m")
		f.described(f.a, "c1", "p", "one") // identical, drops a mark
		f.count("m", 2)
		f.name("", "two")

		f.described(f.a, "c1", "q", "one") // another provider
		f.name("", "one")
		f.ok(f.b.RegisterClient(f.t.Context(), "c2", "p", []*registry.ModelInfo{ // another model beside it
			{ID: "m", DisplayName: "two"}, {ID: "n"},
		}))
		f.name("", "two")
		f.described(f.b, "c1", "q", "one again") // other words
		f.name("", "one again")
	})
}

func TestAdditionModelsOfAProvider(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		models := func(provider string, want ...*registry.ModelInfo) {
			f.t.Helper()
			f.expect("GetAvailableModelsByProvider("+provider+")", append([]*registry.ModelInfo{}, want...),
				func(r reader) any {
					return append([]*registry.ModelInfo{}, r.GetAvailableModelsByProvider(provider)...)
				})
		}
		one, two := &registry.ModelInfo{ID: "m", DisplayName: "one"}, &registry.ModelInfo{ID: "m", DisplayName: "two"}
		f.described(f.a, "c1", "One", "one")
		f.described(f.a, "c2", "two", "two")
		models("one", one)
		models("ONE", one)
		models("two", two)
		models(" two")
		models("three")

		// The rule of listing looks at the provider's own clients and their marks.
		f.suspend("c2", "m", "manual")
		models("two")
		models("one", one)
		f.listed("m")
		f.suspend("c1", "m", "quota")
		models("one", one)
		f.ok(f.a.RegisterClient(f.t.Context(), "c3", "two", []*registry.ModelInfo{{ID: "z"}, {ID: "a"}, two}))
		models("two", &registry.ModelInfo{ID: "a"}, two, &registry.ModelInfo{ID: "z"})
	})
}
