package httpapi_test

import (
	"net/http"
	"testing"
)

func TestAPathThatIsNotCleanGoesNowhere(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	before := r.Position()
	const empty = "the path has an empty segment; a slash in an ID is escaped as %2F"
	const parent = "the path has the segment ..; as an ID it is escaped as %2E%2E"
	const self = "the path has the segment .; as an ID it is escaped as %2E"
	for target, message := range map[string]string{
		"/api/v1/clients/key-1/models/..":          parent,
		"/api/v1/clients/other/../key-1":           parent,
		"/api/v1/clients/..":                       parent,
		"/api/v1/clients/other/../%2E%2E/../key-1": parent,
		"/api/v1/clients/./key-1":                  self,
		"/api/v1/clients/key-1/.":                  self,
		"/api/v1/clients//key-1":                   empty,
		"/api/v1/clients/key-1//":                  empty,
		"//api/v1/clients/key-1":                   empty,
	} {
		for _, method := range []string{"DELETE", "PUT", "GET", "CONNECT"} {
			w := send(api, method, target, "")
			expect(t, w, 400, `{"error":{"message":"`+message+`","type":"invalid_request_error","code":"invalid_parameter"}}`)
			if w.Header().Get("Location") != "" {
				t.Errorf("%s %s is sent to %s", method, target, w.Header().Get("Location"))
			}
		}
	}
	expectStatus(t, send(api, "DELETE", "/api/v1/clients/key-1/", ""), 404)
	expectStatus(t, send(api, http.MethodGet, "/api/v1/clients/%2E%2E", ""), 404)
	if _, ok := r.Client("key-1"); !ok || r.Position() != before {
		t.Errorf("something changed: %s, was %s", r.Position(), before)
	}
	expectStatus(t, send(api, "PUT", "/api/v1/clients/%2E%2E", `{"provider":"p","models":["m"]}`), 200)
	expectStatus(t, send(api, "DELETE", "/api/v1/clients/%2E%2E", ""), 204)
}
