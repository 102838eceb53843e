package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
)

// described reads docs/openapi.yaml.
func described(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../../docs/openapi.yaml")
	must(t, err)
	must(t, doc.Validate(t.Context()))
	return doc
}

func TestTheDescriptionHasTheRoutesThatAre(t *testing.T) {
	t.Parallel()
	var are, told []string
	for _, r := range httpapi.Routes() {
		are = append(are, r.Method+" "+strings.ReplaceAll(r.Path, "...", ""))
	}
	doc := described(t)
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			told = append(told, method+" "+path)
		}
	}
	slices.Sort(are)
	slices.Sort(told)
	if !slices.Equal(are, told) {
		t.Errorf("the routes are\n%s\ndocs/openapi.yaml has\n%s", strings.Join(are, "\n"), strings.Join(told, "\n"))
	}
}

// TestParametersAreAsDescribed tries each parameter on its route, and one that is nowhere: Rollcall's own API refuses that,
// the lists of the providers' do not. A position that is none is refused wherever one is taken.
func TestParametersAreAsDescribed(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	for path, item := range described(t).Paths.Map() {
		for method, operation := range item.Operations() {
			target := strings.NewReplacer("{id}", "m", "{model}", "m").Replace(path)
			known, after := []string{"unheard-of"}, false
			for _, p := range operation.Parameters {
				after = after || p.Value.Name == "X-Rollcall-After"
				if p.Value.In == "query" {
					known = append(known, p.Value.Name)
				}
			}
			for i, name := range known {
				w := send(gone(api), method, target+"?"+name+"=", "{}")
				refused := w.Code == 400 && strings.Contains(w.Body.String(), "is no parameter here")
				if refused != (i == 0 && strings.HasPrefix(path, "/api/")) {
					t.Errorf("%s %s with ?%s=: %d %s", method, path, name, w.Code, w.Body)
				}
			}
			w := send(gone(api), method, target, "{}", "X-Rollcall-After", "nonsense")
			if refused := w.Code == 400 && strings.Contains(w.Body.String(), "X-Rollcall-After"); refused != after {
				t.Errorf("%s %s after nonsense: %d %s", method, path, w.Code, w.Body)
			}
			if reads := method == "GET" && strings.Contains(path, "/v1"); reads && !after {
				t.Errorf("%s %s is a read that takes no X-Rollcall-After", method, path)
			}
		}
	}
}

// TestAnswersAreAsDescribed asks every route, and holds bodies of both directions against their schemas.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	doc := described(t)
	const pair = "/api/v1/clients/{id}/models/{model}"
	missing := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			missing[method+" "+path] = path != "/api/v1/events" && path != "/metrics" // no JSON; events are looked at below
		}
	}
	for _, c := range []struct {
		method, path, query, body string
		status                    int
	}{
		{"GET", "/healthz", "", "", 200},
		{"GET", "/health/liveness", "", "", 200},
		{"GET", "/health/liveliness", "", "", 200},
		{"GET", "/readyz", "", "", 200},
		{"GET", "/health/readiness", "", "", 200},
		{"PUT", "/api/v1/clients/{id}", "", `{"provider":"p","models":["x",{"id":"m","created":5,"thinking":{"max":5}}],"ttl":"1h"}`, 200},
		{"POST", "/api/v1/clients/{id}/heartbeat", "", `{"ttl":"2h"}`, 200},
		{"GET", "/v1/models", "?detail=true", "", 200},
		{"GET", "/v1/models/{model}", "", "", 200},
		{"GET", "/v1/models/{model}", "?detail=5", "", 400},
		{"GET", "/v1beta/models", "", "", 200},
		{"GET", "/v1beta/models/{model}", "", "", 200},
		{"GET", "/api/v1/models/{id}/pick", "", "", 200},
		{"POST", "/api/v1/models/{id}/pick", "?provider=none", "", 404},
		{"POST", "/api/v1/models/{id}/pick", "", "", 200},
		{"POST", "/api/v1/429", "", `{"client":"m","model":"m","status":500}`, 200},
		{"POST", "/api/v1/429", "", `{"client":"m","model":"m","status":429,"headers":{"retry-after":"900"},"body":"","provider":"p"}`, 200},
		{"PUT", pair + "/quota", "", `{"retry_after":3600,"reason":"r"}`, 200},
		{"PUT", pair + "/quota", "", `{"source":"provider_reset","until":"9000-01-01T00:00:00Z"}`, 200},
		{"GET", "/api/v1/models/{id}/pick", "?provider=p&exclude=key-1", "", 429},
		{"PUT", pair + "/suspension", "", `{"reason":"r"}`, 200},
		{"PUT", pair + "/suspension", "", `{"untill":"r"}`, 400},
		{"GET", "/api/v1/models/{id}/pick", "?exclude=key-1", "", 503},
		{"GET", pair, "", "", 200},
		{"GET", "/api/v1/models", "", "", 200},
		{"GET", "/api/v1/models/{id}", "", "", 200},
		{"GET", "/api/v1/clients", "", "", 200},
		{"GET", "/api/v1/clients/{id}", "", "", 200},
		{"GET", "/api/v1/replicas", "", "", 200},
		{"DELETE", pair + "/quota", "", "", 204},
		{"DELETE", pair + "/suspension", "", "", 204},
		{"DELETE", "/api/v1/clients/{id}", "", "", 204},
		{"GET", "/api/v1/clients/{id}", "", "", 404},
	} {
		name := c.method + " " + c.path
		missing[name] = false
		operation := doc.Paths.Value(c.path).GetOperation(c.method)
		if asked := operation.RequestBody; asked != nil && c.body != "" && c.status < 400 {
			fits(t, doc, name+": the body sent", asked.Value.Content.Get("application/json").Schema, []byte(c.body))
		}
		w := send(api, c.method, strings.NewReplacer("{id}", "m", "{model}", "m").Replace(c.path)+c.query, c.body)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, w.Code, c.status, w.Body)
			continue
		}
		answers(t, doc, name, operation, w)
	}
	for target, path := range map[string]string{"/v1/models": "/v1/models", "/v1/models/m": "/v1/models/{model}"} {
		answers(t, doc, "Anthropic's "+path, doc.Paths.Value(path).Get, call(api, "GET", target, "anthropic-version", version))
	}
	for name, is := range missing {
		if is {
			t.Errorf("%s was not tried", name)
		}
	}

	must(t, r.SetModelQuotaExceeded(t.Context(), "key-1", "m"))
	l := listen(t, streaming(t, api).URL)
	for range 3 {
		event, _ := l.next()
		data, err := json.Marshal(event)
		must(t, err)
		fits(t, doc, "an event", doc.Components.Schemas["Event"], data)
	}
}

// answers holds an answer against what an operation says of its status.
func answers(t *testing.T, doc *openapi3.T, name string, operation *openapi3.Operation, w *httptest.ResponseRecorder) {
	t.Helper()
	response := operation.Responses.Status(w.Code)
	if response == nil && w.Code >= 400 {
		response = operation.Responses.Default()
	}
	if response == nil {
		t.Errorf("%s: status %d is not described, only %v", name, w.Code, slices.Sorted(maps.Keys(operation.Responses.Map())))
		return
	}
	media := response.Value.Content.Get("application/json")
	if media == nil {
		if w.Body.Len() > 0 {
			t.Errorf("%s: a body that is not described: %s", name, w.Body)
		}
		return
	}
	fits(t, doc, name, media.Schema, w.Body.Bytes())
}

func fits(t *testing.T, doc *openapi3.T, name string, schema *openapi3.SchemaRef, data []byte) {
	t.Helper()
	var value any
	must(t, json.Unmarshal(data, &value))
	if err := doc.ValidateSchemaJSON(schema.Value, value); err != nil {
		t.Errorf("%s: %v\n%s", name, err, data)
	}
}
