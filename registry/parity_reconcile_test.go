package registry_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestRule10ChangedListsAreReconciled(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "a", "a", "b")
		f.register("c", "p", "a", "b")
		f.count("a", 1)
		f.count("b", 1)
		f.providers("a", "p")

		f.register("c", "p", "b", "b", "b", "c")
		f.count("a", 0)
		f.count("b", 3)
		f.count("c", 1)
		f.info("a", nil)
		f.listed("b", "c")

		f.register("d", "p", "x")
		f.register("d", "p", "y")
		f.count("x", 0)
		f.providers("x")
		f.count("y", 1)
		f.clientModels("d", "y")

		// The order of a list is part of it.
		f.register("e", "p", "1", "2", "3")
		f.register("e", "p", "3", "1", "2")
		f.clientModels("e", "3", "1", "2")
		f.count("1", 1)
	})
}

func TestRule11ProviderChanges(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c1", "gemini", "x", "y")
		f.register("c2", "gemini", "x")
		f.register("c1", "Vertex", "x", "z")
		f.providers("x", "gemini", "vertex")
		f.count("x", 2)
		f.count("y", 0)
		f.info("y", nil)
		f.providers("z", "vertex")

		f.register("c1", "", "x", "z")
		f.providers("x", "gemini")
		f.count("x", 2)
		f.providers("z")
		f.count("z", 1)

		f.register("c1", "zeta", "x", "z")
		f.providers("x", "gemini", "zeta")
		f.providers("z", "zeta")
		f.count("z", 1)
	})
}

func TestRule11ProviderChangesWithDuplicates(t *testing.T) {
	for _, c := range []struct{ from, to int }{{3, 1}, {1, 3}, {2, 2}} {
		t.Run(fmt.Sprintf("%d to %d", c.from, c.to), func(t *testing.T) {
			everywhere(t, false, registry.Options{}, func(f *fleet) {
				list := []string{"m", "m", "m"}
				f.register("c", "p1", list[:c.from]...)
				f.register("c", "p2", list[:c.to]...)
				f.count("m", c.to)
				f.providers("m", "p2")
				// The weight of p2 shows beside a provider with two registrations.
				f.register("d", "beside", "m", "m")
				if c.to > 2 {
					f.providers("m", "p2", "beside")
				} else {
					f.providers("m", "beside", "p2")
				}
			})
		})
	}
}

func TestRule12MarksGoWithTheModel(t *testing.T) {
	// A replica that keeps marks shows that it is the departure that drops them.
	everywhere(t, false, registry.Options{KeepMarks: true}, func(f *fleet) {
		f.register("c", "p", "x", "y")
		f.quota("c", "x")
		f.suspend("c", "y", "manual")
		f.register("c", "p", "x", "y")
		f.count("x", 0)
		f.count("y", 0)

		f.register("c", "p", "y")
		f.count("x", 0)
		f.register("c", "p", "x", "y")
		f.count("x", 1)
		f.count("y", 0)
		f.listed("x")

		f.unregister("c")
		f.listed()
		f.register("c", "p", "x", "y")
		f.count("y", 1)
	})
}

func TestRule13UnregisterTakesOnlyItsOwn(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "x", "x", "y")
		f.register("d", "p", "x", "z")
		f.unchanged(universe{[]string{"c", "d", "ghost"}, []string{"x", "y", "z"}, []string{"p"}, []string{"openai"}},
			func() { f.unregister("ghost") })

		f.unregister("c")
		f.count("x", 1)
		f.count("y", 0)
		f.count("z", 1)
		f.providers("x", "p")
		f.clientModels("c")
		f.clientModels("d", "x", "z")
		f.listed("x", "z")

		f.unregister("c")
		f.count("x", 1)
		f.unregister("d")
		f.listed()
	})
}
