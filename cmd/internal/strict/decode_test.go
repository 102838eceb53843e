package strict_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

type leaf struct {
	ID     string            `json:"id"`
	Size   int64             `json:"inputTokenLimit,omitempty"`
	On     bool              `json:"on"`
	Tags   []string          `json:"tags"`
	Header map[string]string `json:"header"`
	Deeper *leaf             `json:"deeper"`
	Hidden int               `json:"-"`
}

type tree struct {
	Leaves []*leaf `json:"leaves"`
}

func TestDecodeSetsEveryKindOfField(t *testing.T) {
	t.Parallel()
	src := map[string]any{"leaves": []any{map[string]any{
		"id": "a", "inputTokenLimit": 5, "on": true, "tags": []any{"x", "y"},
		"header": map[string]any{"X-One": "1"},
		"deeper": map[string]any{"id": "b", "inputTokenLimit": json.Number("9007199254740993"), "tags": nil},
	}}}
	var got tree
	if err := (strict.Decoder{}).Decode("", src, &got); err != nil {
		t.Fatal(err)
	}
	want := tree{Leaves: []*leaf{{
		ID: "a", Size: 5, On: true, Tags: []string{"x", "y"}, Header: map[string]string{"X-One": "1"},
		Deeper: &leaf{ID: "b", Size: 9007199254740993},
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeNamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	one := func(name string, v any) any { return map[string]any{"leaves": []any{map[string]any{name: v}}} }
	for name, c := range map[string]struct {
		src  any
		want string
	}{
		"unknown":       {one("idd", "x"), `leaves[0].idd: unknown key; the nearest known one is "id"`},
		"other case":    {one("inputtokenlimit", 1), `leaves[0].inputtokenlimit: unknown key; the nearest known one is "inputTokenLimit"`},
		"hidden":        {one("Hidden", 1), `leaves[0].Hidden: unknown key; the nearest known one is "header"`},
		"nested":        {one("deeper", map[string]any{"deeper": map[string]any{"on": 1}}), `leaves[0].deeper.deeper.on: is an integer; must be true or false`},
		"string":        {one("id", 4), `leaves[0].id: is an integer; must be a string (quote it)`},
		"integer":       {one("inputTokenLimit", "4"), `leaves[0].inputTokenLimit: is a string; must be an integer of at most 64 bits`},
		"fraction":      {one("inputTokenLimit", 1.5), `leaves[0].inputTokenLimit: is a number with a fraction or exponent; must be an integer of at most 64 bits`},
		"too large":     {one("inputTokenLimit", uint64(1<<63)), `leaves[0].inputTokenLimit: is an integer; must be an integer of at most 64 bits`},
		"list":          {one("tags", "x"), `leaves[0].tags: is a string; must be a list`},
		"list item":     {one("tags", []any{"x", true}), `leaves[0].tags[1]: is true or false; must be a string (quote it)`},
		"empty item":    {map[string]any{"leaves": []any{nil}}, `leaves[0]: is empty; must be a value`},
		"map value":     {one("header", map[string]any{"A": []any{}}), `leaves[0].header.A: is a list; must be a string (quote it)`},
		"not a mapping": {[]any{}, `is a list; must be a mapping of names to values`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got tree
			err := strict.Decoder{}.Decode("", c.src, &got)
			var e *strict.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *strict.Error", err)
			}
			text := e.Error()
			if e.Path == "" {
				text = e.Problem
			}
			if text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestDecodeLetsUnknownNamesPass(t *testing.T) {
	t.Parallel()
	var paths []string
	d := strict.Decoder{Unknown: func(path string, _ []string) error {
		paths = append(paths, path)
		return nil
	}}
	var got leaf
	src := map[string]any{"id": "a", "new": 1, "deeper": map[string]any{"newer": 2, "id": "b"}}
	if err := d.Decode("x", src, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "a" || got.Deeper.ID != "b" {
		t.Errorf("the known fields are %+v", got)
	}
	if want := []string{"x.deeper.newer", "x.new"}; !reflect.DeepEqual(paths, want) {
		t.Errorf("heard of %v, want %v", paths, want)
	}
}

func TestShortFormIsExpanded(t *testing.T) {
	t.Parallel()
	d := strict.Decoder{Short: func(to reflect.Type, v any) any {
		if s, ok := v.(string); ok && to == reflect.TypeFor[leaf]() {
			return map[string]any{"id": s}
		}
		return v
	}}
	var got tree
	if err := d.Decode("", map[string]any{"leaves": []any{"a", map[string]any{"id": "b"}}}, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Leaves) != 2 || got.Leaves[0].ID != "a" || got.Leaves[1].ID != "b" {
		t.Errorf("got %+v", got.Leaves)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"listen", "redis_url", "redis_url_file", "log_level"}
	for name, want := range map[string]string{
		"lsten": "listen", "redis-url": "redis_url", "redisurlfile": "redis_url_file", "loglevel": "log_level",
		"listen": "listen", "": "listen",
	} {
		if got := strict.Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
