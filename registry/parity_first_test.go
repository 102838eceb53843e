package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

var handlers = []string{"openai", "claude", "gemini", "other", ""}

// first expects the first available model of every handler, or the error's text.
func (f *fleet) first(want, wantError string) {
	f.t.Helper()
	for _, handler := range handlers {
		text := "<nil>"
		if wantError != "" {
			text = fmt.Sprintf(wantError, handler)
		}
		f.expect("GetFirstAvailableModel("+handler+")", []string{want, text}, func(r reader) any {
			model, err := r.GetFirstAvailableModel(handler)
			return []string{model, fmt.Sprint(err)}
		})
	}
}

func TestRule25NothingListed(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		const nothing = "no models available for handler type: %s"
		f.first("", nothing)
		f.register("c", "p", "m")
		f.suspend("c", "m", "manual")
		f.first("", nothing)
	})
}

func TestRule26ListedButNothingFree(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "n")
		f.quota("c", "m")
		f.suspend("c", "n", "quota")
		f.first("", "no available clients for any model in handler type: %s")
		f.advance(6 * time.Minute)
		f.first("m", "")
	})
}

func TestRule27NewestWithCount(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{
			{ID: "undated"}, {ID: "old", Created: 10}, {ID: "newest", Created: 1_700_000_000_000}, {ID: "new", Created: 20},
		}))
		f.first("newest", "")
		f.quota("c", "newest") // still listed
		f.first("new", "")
		f.suspend("c", "new", "manual")
		f.first("old", "")
		f.suspend("c", "old", "quota")
		f.first("undated", "")

		// Another client of the newest one helps.
		f.ok(f.a.RegisterClient(f.t.Context(), "d", "p", []*registry.ModelInfo{{ID: "newest", Created: 30}}))
		f.first("newest", "")
		// What counts is the date as described now.
		f.ok(f.a.RegisterClient(f.t.Context(), "e", "p", []*registry.ModelInfo{{ID: "new", Created: 31}}))
		f.first("new", "")
	})
}
