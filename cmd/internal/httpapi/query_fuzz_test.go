package httpapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzRequest sends methods, paths, queries and bodies as they come: the answer is JSON with a status that fits, and no
// handler panics.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{
		"/v1/models", "/v1/models?limit=1&after_id=a", "/v1/models?available=true&provider=p&detail=true", "/v1/models/a%2Fb",
		"/v1/models/%00", "/v1/models/%ff?detail=x", "/v1/models/%zz", "/v1/models//", "/v1/models/..", "/v1/models?limit=%zz",
		"/v1beta/models?pageSize=2&pageToken=YQ", "/v1beta/models/models%2Fa", "/v1beta/models?pageToken=%24", "/v1/models?a;b",
		"/api/v1/models", "/api/v1/models/a%2Fb/pick?exclude=key-1&local=true", "/api/v1/clients/%2E%2E", "/api/v1/replicas", "/api/v1/replicas?a",
	} {
		f.Add("GET", target, "", "")
		f.Add("GET", target, version, "")
	}
	const client, pair = "/api/v1/clients/c", "/api/v1/clients/key-1/models/a"
	for _, seed := range [][3]string{
		{"PUT", client, `{"provider":"p","models":["m",{"id":"n","created":5}],"ttl":"1h"}`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":"-1s"}`},
		{"PUT", "/api/v1/clients/%2A", `{"provider":"p","models":["*"]}`},
		{"POST", client + "/heartbeat", `{"ttl":"2h"}`},
		{"POST", client + "/heartbeat", ``},
		{"DELETE", client, ``},
		{"PUT", pair + "/quota", `{"retry_after":1.5,"source":"retry_after","seen":"e:1:n"}`},
		{"PUT", pair + "/quota", `{"until":"9000-01-01T00:00:00Z","reason":"r"}`},
		{"DELETE", pair + "/quota?seen=e:1:n", ``},
		{"PUT", "/api/v1/clients/key-1/models/%2A/suspension", `{"reason":"r","until":"9000-01-01T00:00:00Z"}`},
		{"DELETE", pair + "/suspension", ``},
		{"POST", "/api/v1/models/a/pick?provider=p", ``},
		{"POST", "/api/v1/429", `{"client":"key-1","model":"a","status":429,"headers":{"retry-after":"5"},"body":"{}"}`},
		{"POST", "/v1/models", `{}`},
	} {
		f.Add(seed[0], seed[1], "", seed[2])
	}
	api, _ := newAPI(f, named("a", "a/b", "c:d e")...)
	f.Fuzz(func(t *testing.T, method, target, anthropicVersion, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path == "" || !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}, method) {
			return // net/http refuses it, or it adds nothing
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL, r.RequestURI = u, target
		r.Header.Set("Anthropic-Version", anthropicVersion)
		w := httptest.NewRecorder()
		gone(api).ServeHTTP(w, r) // who listens to events leaves at once
		switch w.Code {
		case 200, 400, 403, 404, 405, 409, 413, 429, 503:
			text := strings.HasPrefix(w.Header().Get("Content-Type"), "text/") && w.Code == 200 // metrics and events
			if !text && method != "HEAD" && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s %q: status %d with %q", method, target, w.Code, w.Body)
			}
		case 204:
		default:
			t.Errorf("%s %q with %q: status %d: %s", method, target, body, w.Code, w.Body)
		}
	})
}
