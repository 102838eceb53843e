package registry_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/registry"
)

// TestNames compares the set with strings.EqualFold, on IDs of letters that are near the edges of folding.
func TestNames(t *testing.T) {
	t.Parallel()
	of := func(letters string) *rapid.Generator[string] {
		return rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, 20, -1)
	}
	const ascii = "aAkKzZsS@[`{09-\x00\x7f"
	id := rapid.OneOf(of(ascii), of(ascii+"ſKéÉ"))
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(id, 0, 12).Draw(t, "ids")
		asked := id.Draw(t, "asked")
		if len(ids) > 0 && rapid.Bool().Draw(t, "in other case") {
			asked = strings.Map(func(r rune) rune {
				if rapid.Bool().Draw(t, "fold") {
					return unicode.SimpleFold(r)
				}
				return r
			}, rapid.SampledFrom(ids).Draw(t, "id"))
		}
		want := false
		for _, id := range ids {
			want = want || (id != "" && strings.EqualFold(id, asked))
		}
		if got := registry.Names(ids...)(asked); got != want {
			t.Fatalf("%q in %q: %v, want %v", asked, ids, got, want)
		}
	})
}
