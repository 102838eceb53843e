package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// FuzzRequest sends paths and queries as they come: the answer is JSON with a status that fits, and no handler panics.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{
		"/v1/models", "/v1/models?limit=1&after_id=a", "/v1/models?available=true&provider=p&detail=true", "/v1/models/a%2Fb",
		"/v1/models/%00", "/v1/models/%ff?detail=x", "/v1/models/%zz", "/v1/models//", "/v1/models/..", "/v1/models?limit=%zz",
		"/v1beta/models?pageSize=2&pageToken=YQ", "/v1beta/models/models%2Fa", "/v1beta/models?pageToken=%24", "/v1/models?a;b",
	} {
		f.Add(target, "")
		f.Add(target, version)
	}
	api, _ := newAPI(f, named("a", "a/b", "c:d e")...)
	f.Fuzz(func(t *testing.T, target, anthropicVersion string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path == "" {
			return // net/http refuses it
		}
		r := &http.Request{Method: http.MethodGet, URL: u, RequestURI: target, Header: http.Header{}, Host: "h"}
		r.Header.Set("Anthropic-Version", anthropicVersion)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 404:
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q: status %d with %q", target, w.Code, w.Body)
			}
		case 301, 307: // to the path without the dots and double slashes
		default:
			t.Errorf("%q: status %d", target, w.Code)
		}
	})
}
