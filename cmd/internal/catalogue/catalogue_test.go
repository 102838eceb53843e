package catalogue_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
	"github.com/rollcall-dev/rollcall/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseReadsEveryPublicField(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Parse([]byte(`{"a": [
		{"id": "m", "object": "model", "created": 1700000000, "owned_by": "o", "type": "t", "display_name": "M", "name": "models/m",
		 "version": "1", "description": "d", "inputTokenLimit": 1, "outputTokenLimit": 2, "supportedGenerationMethods": ["g"],
		 "context_length": 3, "max_completion_tokens": 4, "supported_parameters": ["p"], "supportedInputModalities": ["text"],
		 "supportedOutputModalities": ["image"], "supports_web_search": true,
		 "thinking": {"min": 5, "max": 6, "zero_allowed": true, "dynamic_allowed": true, "levels": ["low"]},
		 "config": {"override_header": {"X-A": "b"}}}], "b": []}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Models("a")
	if err != nil {
		t.Fatal(err)
	}
	want := []*registry.ModelInfo{{
		ID: "m", Object: "model", Created: 1700000000, OwnedBy: "o", Type: "t", DisplayName: "M", Name: "models/m",
		Version: "1", Description: "d", InputTokenLimit: 1, OutputTokenLimit: 2, SupportedGenerationMethods: []string{"g"},
		ContextLength: 3, MaxCompletionTokens: 4, SupportedParameters: []string{"p"}, SupportedInputModalities: []string{"text"},
		SupportedOutputModalities: []string{"image"}, SupportsWebSearch: true,
		Thinking: &registry.ThinkingSupport{Min: 5, Max: 6, ZeroAllowed: true, DynamicAllowed: true, Levels: []string{"low"}},
		Config:   &registry.ModelConfig{OverrideHeader: map[string]string{"X-A": "b"}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want[0])
	}
	if len(c.Ignored) != 0 {
		t.Errorf("ignored %v", c.Ignored)
	}
}

func TestParseIgnoresAndReportsNewFields(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Parse([]byte(`{"a": [{"id": "m", "price": 1, "thinking": {"mood": "x", "max": 2}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a[0].price", "a[0].thinking.mood"}; !reflect.DeepEqual(c.Ignored, want) {
		t.Errorf("ignored %v, want %v", c.Ignored, want)
	}
	if models, err := c.Models("a"); err != nil || models[0].Thinking.Max != 2 {
		t.Errorf("got %+v, %v", models, err)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"nothing":        {" \n", `is empty`},
		"no sections":    {`{}`, `has no sections`},
		"no models":      {`{"a": [], "b": null}`, `has no models`},
		"no object":      {`[]`, `is not a JSON object; it must look like {"section": [{"id": "..."}]}`},
		"syntax":         {"{\"a\": [\n  {\"id\": \"m\",}\n]}", `is not valid JSON at line 2, column 14: invalid character '}' looking for beginning of object key string`},
		"half a file":    {"{\"a\": [\n  {\"id\":", `is not valid JSON at line 2, column 8: unexpected end of JSON input`},
		"no end":         {`{"a": [{"id": "m"}]`, `is not valid JSON at line 1, column 19: unexpected end of JSON input`},
		"more":           {`{"a": [{"id": "m"}]} {}`, `is not valid JSON at line 1, column 22: invalid character '{' after top-level value`},
		"text":           {`models`, `is not valid JSON at line 1, column 1: invalid character 'm' looking for beginning of value`},
		"twice":          {"{\"a\": [{\"id\": \"m\"}],\n\"a\": []}", `section "a" is there twice, again at line 2, column 7`},
		"section type":   {`{"a": {"id": "m"}}`, `a: is a mapping; must be a list`},
		"model type":     {`{"a": ["m"]}`, `a[0]: is a string; must be a mapping of names to values`},
		"null model":     {`{"a": [null]}`, `a[0]: is empty; must be a value`},
		"field type":     {`{"a": [{"id": "m"}, {"id": "n", "created": "x"}]}`, `a[1].created: is a string; must be an integer of at most 64 bits`},
		"no ID":          {`{"a": [{"id": "m"}, {"name": "n"}]}`, `a[1].id: is missing`},
		"long ID":        {`{"a": [{"id": "` + strings.Repeat("m", 513) + `"}]}`, `a[0].id: has 513 bytes; at most 512 are allowed`},
		"too many":       {`{"a": [{"id": "m"}` + strings.Repeat(`,{"id": "m"}`, 1000) + `]}`, `a: has 1001 models; at most 1000 are allowed`},
		"number as text": {`{"a": [{"id": 5}]}`, `a[0].id: is an integer; must be a string (quote it)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := catalogue.Parse([]byte(c.content)); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestModelsNamesTheNearestSection(t *testing.T) {
	t.Parallel()
	c, err := catalogue.Parse([]byte(`{"claude": [{"id": "m"}], "gemini": []}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Models("cluade"); err == nil || err.Error() != `the catalogue has no section "cluade"; the nearest is "claude"` {
		t.Errorf("unknown section: %v", err)
	}
	if _, err := c.Models("gemini"); err == nil || err.Error() != `the catalogue's section "gemini" has no models` {
		t.Errorf("empty section: %v", err)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	t.Parallel()
	if _, err := catalogue.Load("nowhere.json"); err == nil || err.Error() != "nowhere.json cannot be read: no such file or directory" {
		t.Errorf("missing: %v", err)
	}
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.Load(path); err == nil || err.Error() != path+": has no sections" {
		t.Errorf("empty: %v", err)
	}
}
