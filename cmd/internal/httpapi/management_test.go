package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// send sends a request with a body; headers come as name and value in turn.
func send(api http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// expectStatus compares the status and returns the body without its line's end.
func expectStatus(t *testing.T, w *httptest.ResponseRecorder, status int) string {
	t.Helper()
	body := strings.TrimSuffix(w.Body.String(), "\n")
	if w.Code != status {
		t.Errorf("status %d, want %d; body %s", w.Code, status, body)
	}
	return body
}

// oddIDs are such that a path must escape.
var oddIDs = []string{"plain", "openai/gpt-5:free", "with space", "a%2Fb", "...", "..", ".", "a//b", "ü", "?x=1#y", "+"}

func TestIDsTravelAsOneEscapedSegment(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t)
	for _, id := range oddIDs {
		escaped := strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		client, model := "/api/v1/clients/"+escaped, "/api/v1/models/"+escaped
		pair := client + "/models/" + escaped
		expect(t, send(api, "PUT", client, `{"provider":"P","models":["`+id+`",{"id":"x"}]}`), 200, `{"client":"`+id+`"}`)
		if got := expectStatus(t, call(api, "GET", client), 200); !strings.Contains(got, `"client":"`+id+`","provider":"p"`) {
			t.Errorf("%s: %s", id, got)
		}
		expect(t, call(api, "GET", pair), 200, `{"state":"available"}`)
		expect(t, call(api, "GET", model+"/pick"), 200, `{"client":"`+id+`"}`)
		if got := expectStatus(t, send(api, "PUT", pair+"/quota", `{"retry_after":"1h"}`), 200); !strings.HasPrefix(got, `{"state":"cooling"`) {
			t.Errorf("%s: %s", id, got)
		}
		if got := expectStatus(t, call(api, "GET", model+"/pick"), 429); !strings.Contains(got, `"code":"model_cooldown","model":"`+id+`"`) {
			t.Errorf("%s: %s", id, got)
		}
		expectStatus(t, call(api, "DELETE", pair+"/quota"), 204)
		if got := expectStatus(t, send(api, "PUT", pair+"/suspension", `{"reason":"out of order"}`), 200); !strings.HasPrefix(got, `{"state":"suspended","reason":"out of order"`) {
			t.Errorf("%s: %s", id, got)
		}
		if got := expectStatus(t, call(api, "POST", model+"/pick"), 503); !strings.Contains(got, `"code":"model_suspended"`) {
			t.Errorf("%s: %s", id, got)
		}
		expectStatus(t, call(api, "DELETE", pair+"/suspension"), 204)
		if got := expectStatus(t, call(api, "GET", model), 200); !strings.HasPrefix(got, `{"model":"`+id+`","clients":1,"available":1,"cooling":0,"suspended":0,`) {
			t.Errorf("%s: %s", id, got)
		}
		if !r.ClientSupportsModel(id, id) {
			t.Errorf("the registry does not know client %q", id)
		}
		expectStatus(t, call(api, "DELETE", client), 204)
		expectStatus(t, call(api, "GET", client), 404)
	}
}

func TestListsOfClientsModelsAndReplicas(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	expect(t, call(api, "GET", "/api/v1/clients"), 200, `{"clients":[]}`)
	expect(t, call(api, "GET", "/api/v1/models"), 200, `{"models":[]}`)
	expectStatus(t, send(api, "PUT", "/api/v1/clients/b", `{"provider":"p","models":["m","n"]}`), 200)
	expectStatus(t, send(api, "PUT", "/api/v1/clients/a", `{"provider":"q","models":["m"]}`), 200)
	expectStatus(t, send(api, "PUT", "/api/v1/clients/b/models/n/suspension", ""), 200)
	for target, parts := range map[string][]string{
		"/api/v1/clients":  {`{"clients":[{"client":"a","provider":"q",`, `{"client":"b","provider":"p",`, `"marks":[{"model":"n","suspension":{`},
		"/api/v1/models":   {`{"models":[{"model":"m","clients":2,"available":2,`, `{"model":"n","clients":1,"available":0,"cooling":0,"suspended":1,`},
		"/api/v1/models/n": {`"suspended":1,`, `"info":{"id":"n",`},
		"/api/v1/replicas": {`{"replicas":[{"replica":"`, `"live":true,"clients":2}]}`},
	} {
		w := call(api, "GET", target)
		got := expectStatus(t, w, 200)
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Errorf("%s lacks %s:\n%s", target, part, got)
			}
		}
		if w.Header().Get("X-Rollcall-Position") == "" || w.Header().Get("X-Rollcall-View-Age") == "" {
			t.Errorf("%s: headers %v", target, w.Header())
		}
	}
}

func TestPickSaysWhyThereIsNoClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, pickSaysWhyThereIsNoClient) // where no time passes
}

func pickSaysWhyThereIsNoClient(t *testing.T) {
	api, r := newAPI(t)
	register(t, r, "a", "p", named("m", "n")...)
	register(t, r, "b", "q", named("m")...)
	picks := map[string]int{}
	for range 4 {
		picks[expectStatus(t, call(api, "POST", "/api/v1/models/m/pick"), 200)]++
	}
	if picks[`{"client":"a"}`] != 2 || picks[`{"client":"b"}`] != 2 {
		t.Errorf("picked %v", picks)
	}
	expect(t, call(api, "GET", "/api/v1/models/m/pick?provider=Q"), 200, `{"client":"b"}`)
	expect(t, call(api, "GET", "/api/v1/models/m/pick?exclude=b&local=true"), 200, `{"client":"a"}`)
	expect(t, call(api, "GET", "/api/v1/models/m/pick?exclude=b&exclude=a"), 503,
		`{"error":{"message":"no client of model \"m\" is left that is not excluded","type":"server_error","code":"no_client_left"}}`)
	for _, target := range []string{"/api/v1/models/none", "/api/v1/models/none/pick"} {
		expect(t, call(api, "GET", target), 404,
			`{"error":{"message":"no client supplies a model \"none\"","type":"invalid_request_error","code":"model_not_found"}}`)
	}
	expect(t, call(api, "GET", "/api/v1/models/m/pick?provider=r"), 404,
		`{"error":{"message":"no such client supplies a model \"m\"","type":"invalid_request_error","code":"model_not_found"}}`)
	must(t, r.SetModelQuotaExceeded(t.Context(), "b", "m"))
	w := call(api, "GET", "/api/v1/models/m/pick?provider=q", "anthropic-version", version)
	if got := expectStatus(t, w, 429); !strings.Contains(got, `"code":"model_cooldown","model":"m","reset_seconds":`) {
		t.Errorf("cooling: %s", got)
	}
	if after := w.Header().Get("Retry-After"); after != "300" {
		t.Errorf("Retry-After %q of a mark of 5 min", after)
	}
	expect(t, call(api, "GET", "/api/v1/models/m/pick"), 200, `{"client":"a"}`)
	must(t, r.SuspendClientModel(t.Context(), "a", "m", "broken"))
	expectStatus(t, call(api, "GET", "/api/v1/models/m/pick"), 429) // one of them comes back by itself
	expect(t, call(api, "GET", "/api/v1/models/m/pick?provider=p"), 503,
		`{"error":{"message":"all clients of model \"m\" are suspended","type":"server_error","code":"model_suspended"}}`)
	must(t, r.SuspendClientModel(t.Context(), "a", "n", "Quota"))
	if got := expectStatus(t, call(api, "GET", "/api/v1/models/n/pick"), 429); !strings.Contains(got, "nobody knows until when") {
		t.Errorf("cooling without an end: %s", got)
	}
}

// gone serves requests whose callers are gone already.
func gone(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		api.ServeHTTP(w, r.WithContext(ctx))
	})
}

// TestAWriteGoesOnWhenItsCallerGoesAway: half a write is none.
func TestAWriteGoesOnWhenItsCallerGoesAway(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t)
	const client, pair = "/api/v1/clients/c", "/api/v1/clients/c/models/m"
	for _, c := range []struct {
		method, target, body string
		status               int
	}{
		{"PUT", client, `{"provider":"p","models":["m"]}`, 200},
		{"POST", "/api/v1/429", `{"client":"c","model":"m","status":429}`, 200},
		{"DELETE", pair + "/quota", "", 204},
		{"PUT", pair + "/suspension", "{}", 200},
		{"DELETE", client, "", 204},
	} {
		expectStatus(t, send(gone(api), c.method, c.target, c.body), c.status)
	}
}
