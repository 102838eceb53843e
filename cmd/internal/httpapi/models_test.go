package httpapi_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

const version = "2023-06-01"

func TestOpenAIListHasWhatTheRegistrySays(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t,
		&registry.ModelInfo{ID: "a/b:free", Created: 1700000000, OwnedBy: "o", Description: "<fast> & small"},
		&registry.ModelInfo{ID: "c", SupportedParameters: []string{"tools"}})
	expect(t, call(api, "GET", "/v1/models"), 200, `{"object":"list","data":[`+
		`{"created":1700000000,"description":"<fast> & small","id":"a/b:free","object":"model","owned_by":"o"},`+
		`{"id":"c","object":"model","owned_by":"","supported_parameters":["tools"]}]}`)
}

func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	expect(t, call(api, "GET", "/v1/models"), 200, `{"object":"list","data":[]}`)
	expect(t, call(api, "GET", "/v1/models", "anthropic-version", version), 200,
		`{"data":[],"has_more":false,"first_id":null,"last_id":null}`)
	expect(t, call(api, "GET", "/v1beta/models"), 200, `{"models":[]}`)
}

func TestAnthropicListHasAnthropicsFields(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t,
		&registry.ModelInfo{ID: "a", Created: 1759104000, OwnedBy: "o", Type: "claude", DisplayName: "A One"},
		&registry.ModelInfo{ID: "b", OwnedBy: "o"})
	expect(t, call(api, "GET", "/v1/models", "Anthropic-Version", version), 200, `{"data":[`+
		`{"type":"model","id":"a","display_name":"A One","created_at":"2025-09-29T00:00:00Z"},`+
		`{"type":"model","id":"b","display_name":"b","created_at":"1970-01-01T00:00:00Z"}],`+
		`"has_more":false,"first_id":"a","last_id":"b"}`)
}

func TestAnthropicDatesAreDates(t *testing.T) {
	t.Parallel()
	for created, want := range map[int64]string{
		-1: "1970-01-01T00:00:00Z", 253402300799: "9999-12-31T23:59:59Z", 253402300800: "9999-12-31T23:59:59Z",
		9999999999999999: "9999-12-31T23:59:59Z", math.MinInt64: "1970-01-01T00:00:00Z", math.MaxInt64: "9999-12-31T23:59:59Z",
	} {
		api, _ := newAPI(t, &registry.ModelInfo{ID: "a", Created: created})
		expect(t, call(api, "GET", "/v1/models/a", "Anthropic-Version", version), 200,
			`{"type":"model","id":"a","display_name":"a","created_at":"`+want+`"}`)
	}
}

func TestAnthropicPages(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a", "b", "c", "d", "e")...)
	for query, want := range map[string]struct {
		ids  string
		more bool
	}{
		"":                     {"[a b c d e]", false},
		"limit=2":              {"[a b]", true},
		"limit=5":              {"[a b c d e]", false},
		"limit=2&after_id=b":   {"[c d]", true},
		"limit=2&after_id=c":   {"[d e]", false},
		"limit=2&after_id=bb":  {"[c d]", true}, // left since the page before
		"after_id=e":           {"[]", false},
		"limit=2&before_id=d":  {"[b c]", true},
		"limit=2&before_id=c":  {"[a b]", false},
		"limit=2&before_id=cc": {"[b c]", true},
		"before_id=a":          {"[]", false},
	} {
		w := call(api, "GET", "/v1/models?"+query, "anthropic-version", version)
		var got struct {
			Data    []struct{ ID string }
			HasMore bool   `json:"has_more"`
			FirstID string `json:"first_id"`
			LastID  string `json:"last_id"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, m := range got.Data {
			ids = append(ids, m.ID)
		}
		if fmt.Sprint(ids) != want.ids || got.HasMore != want.more {
			t.Errorf("%q: got %v, has_more %v; want %v, %v", query, ids, got.HasMore, want.ids, want.more)
		}
		if len(ids) > 0 && (got.FirstID != ids[0] || got.LastID != ids[len(ids)-1]) {
			t.Errorf("%q: first_id %q, last_id %q around %v", query, got.FirstID, got.LastID, ids)
		}
	}
}

func TestDefaultPageSizes(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 1100 {
		ids = append(ids, fmt.Sprintf("m%04d", i))
	}
	api, r := newAPI(t, named(ids[:550]...)...)
	register(t, r, "key-2", "p", named(ids[550:]...)...) // a client has at most 1000
	for target, want := range map[string]int{
		"/v1/models?": 20, "/v1/models?limit=1000": 1000,
		"/v1beta/models?": 50, "/v1beta/models?pageSize=0": 50, "/v1beta/models?pageSize=5000": 1000,
	} {
		w := call(api, "GET", target, "anthropic-version", version)
		var got struct{ Data, Models []any }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if n := len(got.Data) + len(got.Models); n != want {
			t.Errorf("%s: %d models, want %d", target, n, want)
		}
	}
}

func TestGeminiNamesHaveTheirPrefixOnce(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t,
		&registry.ModelInfo{ID: "gpt-5"},
		&registry.ModelInfo{ID: "gemini-2.5-pro", Name: "models/gemini-2.5-pro", DisplayName: "G", InputTokenLimit: 10,
			SupportedGenerationMethods: []string{"x"}})
	expect(t, call(api, "GET", "/v1beta/models"), 200, `{"models":[`+
		`{"displayName":"G","inputTokenLimit":10,"name":"models/gemini-2.5-pro","supportedGenerationMethods":["x"]},`+
		`{"name":"models/gpt-5"}]}`)
}

func TestGeminiPagesHaveEveryModelOnce(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, append(named("a", "b", "c", "d", "e"),
		&registry.ModelInfo{ID: "y", Name: "models/c"}, &registry.ModelInfo{ID: "z", Name: "c"})...)
	want := []string{"models/a", "models/b", "models/c", "models/c", "models/c", "models/d", "models/e"}
	for size := 1; size <= 8; size++ {
		var names []string
		for token := ""; ; {
			w := call(api, "GET", fmt.Sprintf("/v1beta/models?pageSize=%d&pageToken=%s", size, url.QueryEscape(token)))
			var got struct {
				Models        []struct{ Name string }
				NextPageToken string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Models) > size {
				t.Fatalf("size %d: status %d, %d models, %v", size, w.Code, len(got.Models), err)
			}
			for _, m := range got.Models {
				names = append(names, m.Name)
			}
			if token = got.NextPageToken; token == "" || len(names) > len(want) {
				break
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("pages of %d: %v, want %v", size, names, want)
		}
	}
}
