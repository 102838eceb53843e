package httpapi_test

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
)

// asked are requests about a client and a model that nobody has.
var asked = []struct {
	method, target, body string
	code                 string // of the 404
}{
	{"GET", "/api/v1/clients/x", "", "not_registered"},
	{"POST", "/api/v1/clients/x/heartbeat", `{"ttl":"60s"}`, "not_registered"},
	{"PUT", "/api/v1/clients/x/models/y/quota", "", "not_registered"},
	{"PUT", "/api/v1/clients/x/models/y/suspension", "", "not_registered"},
	{"POST", "/api/v1/429", `{"client":"x","model":"y","status":429}`, "not_registered"},
	{"GET", "/api/v1/models/y", "", "model_not_found"},
	{"GET", "/api/v1/models/y/pick", "", "model_not_found"},
	{"POST", "/api/v1/models/y/pick?provider=q", "", "model_not_found"},
}

// TestAViewThatIsCutOffDoesNotSayThatNothingIsThere: another daemon may have been told of it meanwhile.
func TestAViewThatIsCutOffDoesNotSayThatNothingIsThere(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	register(t, r, "key-1", "p", named("m")...)
	held := holds.New(r, r.Local(), nil, silent())
	away := httpapi.New(unwell{r, registry.Health{Stale: true}}, held, silent(), httpapi.Options{})
	for _, c := range asked {
		if got := expectStatus(t, send(over(r), c.method, c.target, c.body), 404); !strings.Contains(got, `"code":"`+c.code+`"`) {
			t.Errorf("%s %s while it is fed: %s", c.method, c.target, got)
		}
		w := send(away, c.method, c.target, c.body)
		if got := expectStatus(t, w, 503); !strings.Contains(got, `"code":"view_stale"`) || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s %s: %s, Retry-After %q", c.method, c.target, got, w.Header().Get("Retry-After"))
		}
	}
	for target, status := range map[string]int{
		"/v1/models/y":                      404, // the lists show the view, whatever it is
		"/api/v1/models/y/pick?local=true":  404, // what this daemon holds it knows
		"/api/v1/clients/key-1":             200,
		"/api/v1/models/m/pick":             200,
		"/api/v1/models/m/pick?provider=P":  200,
		"/api/v1/models/m/pick?local=false": 200,
	} {
		expectStatus(t, call(away, "GET", target), status)
	}
}
