package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// route is what answers a method of a path. docs/openapi.yaml has the same routes.
type route struct {
	method, path string // the path in the form of http.ServeMux
	access       access
	handle       http.HandlerFunc
}

// access is what a route asks of its callers where there are tokens.
type access int

const (
	anyone access = iota // nothing
	lister               // a token, also in the places where the APIs' own clients put their keys
	reader               // a token
	writer               // a token with the role write
)

// eventsPath is the one route whose answers have no end.
const eventsPath = "/api/v1/events"

// routes are all there are. GET answers HEAD as well.
func (a *API) routes() []route {
	all := []route{
		{"GET", "/v1/models", lister, a.afterPosition(a.models)},
		{"GET", "/v1/models/{model...}", lister, a.afterPosition(a.model)},
		{"GET", "/v1beta/models", lister, a.afterPosition(a.geminiModels)},
		{"GET", "/v1beta/models/{model...}", lister, a.afterPosition(a.geminiModel)},

		{"GET", "/api/v1/models", reader, a.afterPosition(a.modelStates)},
		{"GET", "/api/v1/models/{id}", reader, a.afterPosition(a.modelState)},
		{"GET", "/api/v1/models/{id}/pick", reader, a.afterPosition(a.pick)},
		{"POST", "/api/v1/models/{id}/pick", reader, a.afterPosition(a.pick)},
		{"GET", "/api/v1/clients", reader, a.afterPosition(a.clients)},
		{"GET", "/api/v1/clients/{id}", reader, a.afterPosition(a.client)},
		{"PUT", "/api/v1/clients/{id}", writer, a.putClient},
		{"DELETE", "/api/v1/clients/{id}", writer, a.evictClient},
		{"POST", "/api/v1/clients/{id}/heartbeat", writer, a.heartbeat},
		{"GET", "/api/v1/clients/{id}/models/{model}", reader, a.afterPosition(a.explain)},
		{"PUT", "/api/v1/clients/{id}/models/{model}/quota", writer, a.setQuota},
		{"DELETE", "/api/v1/clients/{id}/models/{model}/quota", writer, a.clearQuota},
		{"PUT", "/api/v1/clients/{id}/models/{model}/suspension", writer, a.suspend},
		{"DELETE", "/api/v1/clients/{id}/models/{model}/suspension", writer, a.resume},
		{"POST", "/api/v1/429", writer, a.report},
		{"GET", "/api/v1/replicas", reader, a.replicas},
		{"GET", eventsPath, reader, a.afterPosition(a.events)},

		{"GET", "/metrics", reader, a.scrape},
	}
	for _, path := range []string{"/healthz", "/health/liveliness", "/health/liveness"} {
		all = append(all, route{"GET", path, anyone, a.live})
	}
	for _, path := range []string{"/readyz", "/health/readiness"} {
		all = append(all, route{"GET", path, anyone, a.ready})
	}
	return all
}

// route hands the routes to the mux, and refuses other methods of their paths in the shape of the API asked.
func (a *API) route(all []route) {
	methods := map[string]map[string]http.HandlerFunc{}
	for _, r := range all {
		if methods[r.path] == nil {
			methods[r.path] = map[string]http.HandlerFunc{}
		}
		methods[r.path][r.method] = a.guard(r.access, r.handle)
	}
	for path, handlers := range methods {
		var names []string
		if handlers["GET"] != nil {
			handlers["HEAD"] = handlers["GET"]
			names = append(names, "GET", "HEAD")
		}
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			if handlers[method] != nil {
				names = append(names, method)
			}
		}
		a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if handle := handlers[r.Method]; handle != nil {
				handle(w, r)
				return
			}
			w.Header().Set("Allow", strings.Join(names, ", "))
			use := strings.Join(slices.DeleteFunc(slices.Clone(names), func(m string) bool { return m == "HEAD" }), " or ")
			shapeOf(r).writeError(w, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed here; use "+use)
		})
	}
}
