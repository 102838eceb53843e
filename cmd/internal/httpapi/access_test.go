package httpapi_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
)

const readToken, writeToken = "read-0123456789abcdef", "write-0123456789abcdef"

func guarded(t *testing.T) http.Handler {
	t.Helper()
	r := newRegistry(t)
	register(t, r, "key-1", "p", named("m")...)
	return httpapi.New(r, holds.New(r, r.Local(), nil, silent()), silent(), httpapi.Options{Tokens: []config.Token{
		{Name: "eyes", Role: config.RoleRead, Sum: sha256.Sum256([]byte(readToken))},
		{Name: "hands", Role: config.RoleWrite, Sum: sha256.Sum256([]byte(writeToken))},
	}})
}

// TestEveryRouteAsksForItsToken tries every route there is; one that is added without a thought is found here.
func TestEveryRouteAsksForItsToken(t *testing.T) {
	t.Parallel()
	api := guarded(t)
	for _, route := range httpapi.Routes() {
		target := strings.NewReplacer("{model...}", "m", "{id}", "key-1", "{model}", "m").Replace(route.Path)
		try := func(headers ...string) int { return send(hangUp(api), route.Method, target, "{}", headers...).Code }
		name := route.Method + " " + route.Path
		nobody, stranger := try(), try("Authorization", "Bearer "+readToken[1:])
		reads, writes := try("Authorization", "Bearer "+readToken), try("Authorization", "bearer "+writeToken)
		switch {
		case strings.HasPrefix(route.Path, "/health") || route.Path == "/readyz":
			if nobody != 200 {
				t.Errorf("%s: %d without a token, a probe has none", name, nobody)
			}
			continue
		case nobody != 401 || stranger != 401:
			t.Errorf("%s: %d without a token, %d with a wrong one", name, nobody, stranger)
		case writes == 401 || writes == 403:
			t.Errorf("%s: %d to who may write", name, writes)
		}
		changes := route.Method != "GET" && !strings.HasSuffix(route.Path, "/pick")
		if (reads == 403) != changes || reads == 401 {
			t.Errorf("%s: %d to who may read", name, reads)
		}
		lists := strings.HasPrefix(route.Path, "/v1")
		for _, header := range []string{"X-Api-Key", "X-Goog-Api-Key"} {
			if got := try(header, readToken); (got != 401) != lists {
				t.Errorf("%s: %d to a key in %s", name, got, header)
			}
		}
		target += "?key=" + readToken
		if got := try(); (got != 401) != strings.HasPrefix(route.Path, "/v1beta") {
			t.Errorf("%s: %d to a key in the query", name, got)
		}
	}
}

// hangUp ends a request's context at once, so that an event stream ends.
func hangUp(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") && r.Method == http.MethodGet {
			r.Method = http.MethodHead
		}
		api.ServeHTTP(w, r)
	})
}

func TestRefusalsHaveTheShapeOfTheAPIAsked(t *testing.T) {
	t.Parallel()
	api := guarded(t)
	const message = "a token is needed that this daemon knows; send it as Authorization: Bearer TOKEN"
	expect(t, call(api, "GET", "/v1/models"), 401, `{"error":{"message":"`+message+`","type":"authentication_error","code":"invalid_api_key"}}`)
	expect(t, call(api, "GET", "/v1/models", "anthropic-version", version), 401,
		`{"type":"error","error":{"type":"authentication_error","message":"`+message+`"}}`)
	expect(t, call(api, "GET", "/v1beta/models"), 401, `{"error":{"code":401,"message":"`+message+`","status":"UNAUTHENTICATED"}}`)
	w := call(api, "GET", "/api/v1/clients", "anthropic-version", version)
	expect(t, w, 401, `{"error":{"message":"`+message+`","type":"authentication_error","code":"invalid_api_key"}}`)
	if got := w.Header().Get("WWW-Authenticate"); got != `Bearer realm="rollcall"` {
		t.Errorf("WWW-Authenticate: %s", got)
	}
	expect(t, call(api, "DELETE", "/api/v1/clients/key-1", "Authorization", "Bearer "+readToken), 403,
		`{"error":{"message":"the token eyes has the role read; this needs the role write","type":"permission_error","code":"forbidden"}}`)
}

func TestTheTokensNameIsTheActor(t *testing.T) {
	t.Parallel()
	api := guarded(t)
	bearer := []string{"Authorization", "Bearer " + writeToken}
	pair := "/api/v1/clients/key-1/models/m"
	if got := expectStatus(t, send(api, "PUT", pair+"/suspension", `{}`, bearer...), 200); !strings.Contains(got, `"set_by":"hands"`) {
		t.Errorf("a suspension: %s", got)
	}
	expectStatus(t, send(api, "DELETE", pair+"/suspension", "", bearer...), 204)
	if got := expectStatus(t, send(api, "PUT", pair+"/quota", `{}`, bearer...), 200); !strings.Contains(got, `"source":"operator"`) ||
		!strings.Contains(got, `"set_by":"hands"`) {
		t.Errorf("a quota: %s", got)
	}
	expectStatus(t, send(api, "DELETE", pair+"/quota", "", bearer...), 204)
	if got := expectStatus(t, send(api, "PUT", pair+"/quota", `{"source":"retry_after","retry_after":30}`, bearer...), 200); strings.Contains(got, "hands") {
		t.Errorf("what a provider said is nobody's: %s", got)
	}
}

func TestPagesOfOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	expect(t, send(api, "POST", "/api/v1/clients/key-1/heartbeat", "", "Sec-Fetch-Site", "cross-site"), 403,
		`{"error":{"message":"a page of another origin may not change anything here","type":"permission_error","code":"forbidden"}}`)
	expectStatus(t, send(api, "DELETE", "/api/v1/clients/key-1", "", "Origin", "https://example.org"), 403)
	if _, ok := r.Client("key-1"); !ok {
		t.Error("the client is gone")
	}
	expectStatus(t, send(api, "GET", "/api/v1/clients", "", "Sec-Fetch-Site", "cross-site"), 200)
}
