package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

// idsOf returns what a list in OpenAI's or Anthropic's shape names.
func idsOf(t *testing.T, api http.Handler, target string, headers ...string) []string {
	t.Helper()
	w := call(api, "GET", target, headers...)
	var list struct {
		Data   []struct{ ID string }
		Models []struct{ Name string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
		t.Fatalf("%s: status %d, %v", target, w.Code, err)
	}
	ids := []string{}
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	for _, m := range list.Models {
		ids = append(ids, m.Name)
	}
	return ids
}

// must fails the test on an error of a write.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAvailableLeavesOutModelsThatNobodyCanServeNow(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("a", "b")...)
	register(t, r, "key-2", "q", named("b")...)
	must(t, r.SetModelQuotaExceeded(t.Context(), "key-1", "a"))
	must(t, r.SetModelQuotaExceeded(t.Context(), "key-1", "b"))
	for target, want := range map[string][]string{
		"/v1/models":                     {"a", "b"},
		"/v1/models?available=false":     {"a", "b"},
		"/v1/models?available=true":      {"b"},
		"/v1beta/models?available=true":  {"models/b"},
		"/v1beta/models?available=false": {"models/a", "models/b"},
	} {
		if got := idsOf(t, api, target); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", target, got, want)
		}
	}
	if got := idsOf(t, api, "/v1/models?available=true", "anthropic-version", version); !slices.Equal(got, []string{"b"}) {
		t.Errorf("in Anthropic's shape it lists %v", got)
	}
	must(t, r.ClearModelQuotaExceeded(t.Context(), "key-1", "a"))
	if got := idsOf(t, api, "/v1/models?available=true"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("after the end of a quota mark it lists %v", got)
	}
}

func TestProviderLeavesOutTheModelsOfOthers(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t)
	register(t, r, "key-1", "One", &registry.ModelInfo{ID: "a", OwnedBy: "one"}, &registry.ModelInfo{ID: "b"})
	register(t, r, "key-2", "two", &registry.ModelInfo{ID: "a", OwnedBy: "two"}, &registry.ModelInfo{ID: "c"})
	for query, want := range map[string][]string{
		"provider=one":                {"a", "b"},
		"provider=ONE":                {"a", "b"},
		"provider=two":                {"a", "c"},
		"provider=two&provider=one":   {"a", "b", "c"},
		"provider=three":              {},
		"provider=three&provider=two": {"a", "c"},
		"provider=":                   {},
	} {
		if got := idsOf(t, api, "/v1/models?"+query); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	expect(t, call(api, "GET", "/v1/models?provider=three"), 200, `{"object":"list","data":[]}`)
	for provider, owner := range map[string]string{"one": "one", "two": "two"} {
		var list struct {
			Data []struct {
				Owner string `json:"owned_by"`
			}
		}
		must(t, json.Unmarshal(call(api, "GET", "/v1/models?provider="+provider).Body.Bytes(), &list))
		if got := list.Data[0].Owner; got != owner {
			t.Errorf("provider %s: described as of owner %s", provider, got)
		}
	}
}

func TestDetailTellsCountAndProviders(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, &registry.ModelInfo{ID: "a", Created: 1759104000, OwnedBy: "o"})
	register(t, r, "key-2", "q", &registry.ModelInfo{ID: "a", Created: 1759104000, OwnedBy: "o"})
	must(t, r.SuspendClientModel(t.Context(), "key-1", "a", "why"))
	const extras = `"available":1`
	const providers = `"providers":["p","q"]`
	for _, c := range []struct {
		target  string
		headers []string
		body    string
	}{
		{"/v1/models?detail=true", nil,
			`{"object":"list","data":[{` + extras + `,"created":1759104000,"id":"a","object":"model","owned_by":"o",` + providers + `}]}`},
		{"/v1/models/a?detail=true", nil,
			`{` + extras + `,"created":1759104000,"id":"a","object":"model","owned_by":"o",` + providers + `}`},
		{"/v1/models?detail=true", []string{"anthropic-version", version},
			`{"data":[{"type":"model","id":"a","display_name":"a","created_at":"2025-09-29T00:00:00Z",` + extras + `,` + providers +
				`}],"has_more":false,"first_id":"a","last_id":"a"}`},
		{"/v1/models/a?detail=true", []string{"anthropic-version", version},
			`{"type":"model","id":"a","display_name":"a","created_at":"2025-09-29T00:00:00Z",` + extras + `,` + providers + `}`},
		{"/v1beta/models?detail=true", nil, `{"models":[{` + extras + `,"name":"models/a",` + providers + `}]}`},
		{"/v1beta/models/a?detail=true", nil, `{` + extras + `,"name":"models/a",` + providers + `}`},
		{"/v1/models/a", nil, `{"created":1759104000,"id":"a","object":"model","owned_by":"o"}`},
		{"/v1/models/a?detail=false", nil, `{"created":1759104000,"id":"a","object":"model","owned_by":"o"}`},
	} {
		expect(t, call(api, "GET", c.target, c.headers...), 200, c.body)
	}
}

func TestManyVariantsAreAllRight(t *testing.T) {
	t.Parallel()
	ids := []string{"a", "b", "c"}
	api, _ := newAPI(t, named(ids...)...)
	for i := range 400 { // more than are kept
		after := ids[i%3]
		want := ids[i%3+1:]
		target := "/v1/models?after_id=" + after + "&limit=" + []string{"2", "3", "4", "5"}[i%4] + "&provider=p" +
			"&provider=" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		if got := idsOf(t, api, target, "anthropic-version", version); !slices.Equal(got, want) {
			t.Fatalf("%s lists %v, want %v", target, got, want)
		}
	}
}
