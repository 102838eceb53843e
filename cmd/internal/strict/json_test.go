package strict_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "",
		` [1e999, null, true, {"a": [], "A": {"a": {}}}, {"a": 1}] `: "",
		`"\ud83d\ude00 \\ud800 \u00e4 \" \\\\ \uFFFD ä😀"`:            "",
		`{"a":1,"b":2,"a":1}`:                  `a: is there twice`,
		`{"a":1,"\u0061":2}`:                   `a: is there twice`,
		`{"a":[{"b":{}},{"b":{"c":1,"c":2}}]}`: `a[1].b.c: is there twice`,
		`[{"":1,"":2}]`:                        `[0].: is there twice`,
		"\"\xff\"":                             `: is not valid UTF-8`,
		"{\"a\":{\"\xc3(\":1}}":                `a: is not valid UTF-8`,
		"{\"a\":[\"\", \"\xed\xa0\x80\"]}":     `a[1]: is not valid UTF-8`,
		`{"a":"\ud800"}`:                       `a: has half of a surrogate pair, \ud800`,
		`{"a":"\uD83Dx"}`:                      `a: has half of a surrogate pair, \ud83d`,
		`{"a":"\ud83d\u0041"}`:                 `a: has half of a surrogate pair, \ud83d`,
		`{"a":"\ud83d\\ude00"}`:                `a: has half of a surrogate pair, \ud83d`,
		`["\ude00\ud83d"]`:                     `[0]: has half of a surrogate pair, \ude00`,
		`{"a":{"\\\ud83d":1}}`:                 `a: has half of a surrogate pair, \ud83d`,
	} {
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is not JSON", text)
		}
		got := ""
		if err := (strict.Decoder{}).CheckJSON([]byte(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
}

// TestLongNamesCostNothing: what is spent on a document grows with its size alone, however it is nested and named, and
// what is said of it stays short. It counts what is allocated, so it has the process to itself.
func TestLongNamesCostNothing(t *testing.T) {
	name := strings.Repeat("k", 1<<20)
	text := []byte(`{"` + name + `":[` + strings.Repeat("[0],", 1000) + `0]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := (strict.Decoder{}).CheckJSON(text); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 20<<20 {
		t.Errorf("%d bytes were allocated for a document of %d", spent, len(text))
	}
	err := (strict.Decoder{}).CheckJSON([]byte(`{"` + name + `":{"a":1,"a":2}}`))
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("the error is %.300v", err)
	}
}
