package store

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/scripts"
)

// sources are the texts of all Lua files, by path.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../scripts/*.lua", "../scripts/shared/*.lua"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
	}
	return texts
}

// Every code that a script refuses with has its error here, and every error here its code there.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	raised := map[string]bool{}
	code := regexp.MustCompile(`'ROLLCALL ([A-Z]+) ?'|refuse\('([A-Z]+)'\)`)
	for _, text := range sources(t) {
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			raised[m[1]+m[2]] = true
		}
	}
	got, want := slices.Sorted(maps.Keys(raised)), slices.Sorted(maps.Keys(codes))
	if !slices.Equal(got, want) {
		t.Errorf("raised: %v, mapped: %v", got, want)
	}
}

// The keys are given in the order in which base takes them.
func TestKeysInOrder(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile(`(?m)^-- KEYS +(.*)$`).FindStringSubmatch(sources(t)["../scripts/shared/base.lua"])
	if m == nil {
		t.Fatal("base has no line KEYS")
	}
	var got []string
	for _, key := range newKeys("name.space").all("some-replica") {
		name, ok := strings.CutPrefix(key, "rollcall:{name.space}:")
		if !ok {
			t.Errorf("key %q is not in the namespace's slot", key)
		}
		got = append(got, strings.TrimSuffix(name, ":some-replica"))
	}
	if want := strings.Fields(m[1]); !slices.Equal(got, want) {
		t.Errorf("given: %v, taken: %v", got, want)
	}
}

// Every verb is one that the store calls, and the other way round.
func TestVerbsAreCalled(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:call\{verb: |s\.scripts\[)"(\w+)"`).FindAllStringSubmatch(string(text), -1) {
			calls[m[1]] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(calls)), scripts.Verbs(); !slices.Equal(got, want) {
		t.Errorf("called: %v, there are: %v", got, want)
	}
}
