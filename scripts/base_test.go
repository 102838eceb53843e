package scripts

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// keysInOrder are the names that base documents for KEYS.
func keysInOrder(t *testing.T) []string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^-- KEYS +(.*)$`).FindStringSubmatch(read("shared/base.lua"))
	if m == nil {
		t.Fatal("base has no line KEYS")
	}
	return strings.Fields(m[1])
}

func TestBaseUnpacksKeys(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile(`(?s)\nlocal ([A-Z_,\s]+)= unpack\(KEYS\)`).FindStringSubmatch(read("shared/base.lua"))
	if m == nil {
		t.Fatal("base does not unpack KEYS")
	}
	locals := strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(", \n", r) })
	for i, local := range locals {
		locals[i] = strings.ToLower(local)
	}
	if keys := keysInOrder(t); !slices.Equal(locals, keys) {
		t.Errorf("KEYS are unpacked as %v, documented as %v", locals, keys)
	}
}

// The sizes in meta are read, checked and written by the number of the key; NAMES[1] only keeps the place of meta.
func TestSizesAreNumbered(t *testing.T) {
	t.Parallel()
	text, keys := read("shared/sizes.lua"), keysInOrder(t)
	m := regexp.MustCompile(`(?s)local NAMES = \{ 'schema', (.*?) \}`).FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the names of sizes are not found")
	}
	var names []string
	for _, name := range strings.Split(m[1], ",") {
		names = append(names, strings.Trim(strings.TrimSuffix(strings.TrimSpace(name), ":' .. holder"), "'"))
	}
	if !slices.Equal(names, keys[1:]) {
		t.Errorf("sizes are named %v, want %v", names, keys[1:])
	}
}

// The arguments that all verbs have stand in base.
func TestBaseDescribesArguments(t *testing.T) {
	t.Parallel()
	text := read("shared/base.lua")
	for _, argument := range []string{"1] operation", "2] replica", "3] actor", "4] holder"} {
		if !strings.Contains(text, "\n-- ARGV["+argument) {
			t.Errorf("base does not describe ARGV[%s", argument)
		}
	}
	if !strings.Contains(text, "local operation, replica, actor, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]\n") {
		t.Error("base does not name ARGV 1 to 4 as described")
	}
	if strings.Contains(text, "ARGV[5]") {
		t.Error("ARGV[5] belongs to the verbs")
	}
}

func TestScriptsCompile(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		client := s.Client(t)
		for _, verb := range Verbs() {
			sum, err := client.ScriptLoad(t.Context(), Source(verb)).Result()
			if err != nil {
				t.Errorf("%s: %v", verb, err)
			} else if want := redis.NewScript(Source(verb)).Hash(); sum != want {
				t.Errorf("%s: loaded as %s, will be called as %s", verb, sum, want)
			}
		}
	})
}

func TestSourcePutsPartsFirst(t *testing.T) {
	t.Parallel()
	for _, verb := range Verbs() {
		var want strings.Builder
		for _, part := range uses(read(verb + ".lua")) {
			want.WriteString(read("shared/" + part + ".lua"))
		}
		want.WriteString(read(verb + ".lua"))
		if Source(verb) != want.String() {
			t.Errorf("%s: unexpected source", verb)
		}
	}
}

func TestSourceOfUnknownVerb(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Source("nonsense")
}
