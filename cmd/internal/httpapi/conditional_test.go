package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

func TestListsAreNotSentAgainToWhoHasThem(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("a", "b")...)
	for _, c := range []struct {
		target  string
		headers []string
	}{
		{"/v1/models", nil}, {"/v1/models?provider=p", nil}, {"/v1/models/a", nil}, {"/v1/models?detail=true", nil},
		{"/v1/models", []string{"anthropic-version", version}}, {"/v1beta/models", nil}, {"/v1beta/models/a", nil},
	} {
		first := call(api, "GET", c.target, c.headers...)
		tag := first.Header().Get("ETag")
		if len(tag) < 10 || tag[0] != '"' || first.Header().Get("Cache-Control") != "no-cache" ||
			first.Header().Get("Vary") != "Anthropic-Version" {
			t.Errorf("%s: headers %v", c.target, first.Header())
		}
		for _, asked := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			w := call(api, "GET", c.target, append(c.headers, "If-None-Match", asked)...)
			if w.Code != 304 || w.Body.Len() > 0 || w.Header().Get("ETag") != tag {
				t.Errorf("%s with %s: status %d, %d bytes, tag %s", c.target, asked, w.Code, w.Body.Len(), w.Header().Get("ETag"))
			}
		}
		if w := call(api, "GET", c.target, append(c.headers, "If-None-Match", `"other"`)...); w.Code != 200 {
			t.Errorf("%s with another tag: status %d", c.target, w.Code)
		}
	}
	tag := call(api, "GET", "/v1/models").Header().Get("ETag")
	register(t, r, "key-2", "p", named("c")...)
	if w := call(api, "GET", "/v1/models", "If-None-Match", tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("after a change: status %d with tag %s", w.Code, w.Header().Get("ETag"))
	}
	must(t, r.UnregisterClient(t.Context(), "key-2"))
	if w := call(api, "GET", "/v1/models", "If-None-Match", tag); w.Code != 304 {
		t.Errorf("after the change was taken back: status %d", w.Code)
	}
}

func TestDaemonsThatShowTheSameHaveTheSameTag(t *testing.T) {
	t.Parallel()
	one, _ := newAPI(t, named("a")...)
	two, _ := newAPI(t, named("a")...)
	if a, b := call(one, "GET", "/v1/models").Header().Get("ETag"), call(two, "GET", "/v1/models").Header().Get("ETag"); a != b {
		t.Errorf("tags %s and %s", a, b)
	}
}

func TestHEADHasTheHeadersOfGET(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a")...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	for _, path := range []string{"/v1/models", "/v1/models?provider=p", "/v1/models/a", "/v1beta/models", "/v1beta/models/a"} {
		want := call(api, "GET", path)
		response, err := http.Head(server.URL + path)
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode != 200 || response.ContentLength != int64(want.Body.Len()) ||
			response.Header.Get("ETag") != want.Header().Get("ETag") {
			t.Errorf("%s: status %d, length %d, want %d", path, response.StatusCode, response.ContentLength, want.Body.Len())
		}
		if got := want.Header().Get("Content-Length"); got != strconv.Itoa(want.Body.Len()) {
			t.Errorf("%s: GET says length %s of %d", path, got, want.Body.Len())
		}
	}
}
