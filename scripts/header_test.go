package scripts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// longest is how many lines a file may have before it should become two.
const longest = 150

// header is what the comment at the start of a verb's file says.
type header struct {
	first string            // the first line
	words map[string]string // Uses, Returns, Cost -> what stands behind them
	args  map[int]string    // n of ARGV[n] -> what stands behind it
	body  string            // the code, without comments
}

var (
	argLine  = regexp.MustCompile(`^-- ARGV\[(\d+)\]\s+(\S.*)$`)
	wordLine = regexp.MustCompile(`^-- (Uses|Returns|Cost)\s+(\S.*)$`)
	comment  = regexp.MustCompile(`(?m)(^|\s)--.*$`)
	argument = regexp.MustCompile(`ARGV\[(\d+)\]`)
	restArgs = regexp.MustCompile(`for \w+ = (\d+), #ARGV\b`)
	function = regexp.MustCompile(`(?m)^local function (\w+)`)
	called   = regexp.MustCompile(`[^.:\w](\w+)\(`)
)

func readHeader(t *testing.T, verb string) header {
	t.Helper()
	text := read(verb + ".lua")
	h := header{words: map[string]string{}, args: map[int]string{}, body: comment.ReplaceAllString(text, "")}
	h.first, _, _ = strings.Cut(text, "\n")
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			break
		}
		line = strings.TrimRight(line, "\n")
		if m := argLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			if h.args[n] != "" {
				t.Errorf("ARGV[%d] is described twice", n)
			}
			h.args[n] = m[2]
		}
		if m := wordLine.FindStringSubmatch(line); m != nil {
			h.words[m[1]] = m[2]
		}
	}
	return h
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	if len(Verbs()) == 0 {
		t.Fatal("no verbs")
	}
	for _, verb := range Verbs() {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			h := readHeader(t, verb)
			if !regexp.MustCompile(`^-- ` + verb + `: \S`).MatchString(h.first) {
				t.Errorf("first line %q does not begin with %q", h.first, "-- "+verb+": ")
			}
			for _, word := range []string{"Uses", "Returns", "Cost"} {
				if h.words[word] == "" {
					t.Errorf("the header has no line %q", word)
				}
			}
			h.checkArguments(t)
			h.checkUses(t)
			if strings.Contains(h.body, "cjson") {
				t.Error("cjson is too slow for a script")
			}
		})
	}
}

// checkArguments holds the lines ARGV[n] against the code. Number 5 is a verb's first; "..." stands for all from there.
func (h header) checkArguments(t *testing.T) {
	t.Helper()
	used := map[int]bool{}
	for _, m := range argument.FindAllStringSubmatch(h.body, -1) {
		n, _ := strconv.Atoi(m[1])
		used[n] = true
	}
	for _, m := range restArgs.FindAllStringSubmatch(h.body, -1) {
		n, _ := strconv.Atoi(m[1])
		used[n] = true
		if !strings.HasPrefix(h.args[n], "...") {
			t.Errorf("the code goes through all arguments from %d, the header says %q", n, h.args[n])
		}
	}
	described := slices.Sorted(maps.Keys(h.args))
	for i, n := range described {
		if n != 5+i {
			t.Fatalf("the header describes %v; want 5 and up without a hole", described)
		}
	}
	for n := range used {
		if n >= 5 && h.args[n] == "" {
			t.Errorf("the code uses ARGV[%d], which the header does not describe", n)
		}
	}
	for n := range h.args {
		if !used[n] {
			t.Errorf("the header describes ARGV[%d], which the code does not use", n)
		}
	}
}

// checkUses holds the line Uses against the parts there are, and against what the code calls of them.
func (h header) checkUses(t *testing.T) {
	t.Helper()
	parts := strings.Fields(h.words["Uses"])
	if slices.Equal(parts, []string{"-"}) && strings.HasPrefix(h.first, "-- rights: ") {
		parts = []string{} // base needs the commands that rights looks for
	} else if len(parts) == 0 || parts[0] != "base" {
		t.Errorf("uses %v; base comes first", parts)
	}
	shared := sharedParts(t)
	defined := map[string]bool{}
	for _, m := range function.FindAllStringSubmatch(h.body, -1) {
		defined[m[1]] = true
	}
	for _, part := range parts {
		text, ok := shared[part]
		if !ok {
			t.Errorf("uses %q, which is not in shared", part)
		}
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			defined[m[1]] = true
		}
	}
	for part, text := range shared {
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			if calls(h.body, m[1]) && !defined[m[1]] {
				t.Errorf("calls %s without using %s", m[1], part)
			}
		}
	}
}

func calls(body, name string) bool {
	for _, m := range called.FindAllStringSubmatch(body, -1) {
		if m[1] == name {
			return true
		}
	}
	return false
}

// sharedParts are the texts under shared, by name.
func sharedParts(t *testing.T) map[string]string {
	t.Helper()
	entries, err := files.ReadDir("shared")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, entry := range entries {
		parts[strings.TrimSuffix(entry.Name(), ".lua")] = read("shared/" + entry.Name())
	}
	return parts
}

func TestSharedParts(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, verb := range Verbs() {
		for _, part := range uses(read(verb + ".lua")) {
			used[part] = true
		}
	}
	for part, text := range sharedParts(t) {
		if !strings.HasPrefix(text, "-- "+part+": ") {
			t.Errorf("shared/%s.lua does not begin with %q", part, "-- "+part+": ")
		}
		if !used[part] {
			t.Errorf("no verb uses shared/%s.lua", part)
		}
		if strings.Contains(text, "cjson.") {
			t.Errorf("shared/%s.lua uses cjson", part)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for part, text := range sharedParts(t) {
		texts[fmt.Sprintf("shared/%s.lua", part)] = text
	}
	for _, verb := range Verbs() {
		texts[verb+".lua"] = read(verb + ".lua")
	}
	for name, text := range texts {
		if lines := strings.Count(text, "\n"); lines > longest {
			t.Errorf("%s has %d lines, more than %d", name, lines, longest)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "--") && len([]rune(strings.TrimRight(line, "\n"))) > 120 {
				t.Errorf("%s has a comment of more than 120 columns: %s", name, line)
			}
		}
	}
}
