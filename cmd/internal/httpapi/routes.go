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
	query        []string // the parameters of a path under /api/; others are refused
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
	picks, seen := []string{"provider", "exclude", "local"}, []string{"seen"}
	all := []route{
		{"GET", "/v1/models", lister, nil, a.afterPosition(a.models)},
		{"GET", "/v1/models/{model...}", lister, nil, a.afterPosition(a.model)},
		{"GET", "/v1beta/models", lister, nil, a.afterPosition(a.geminiModels)},
		{"GET", "/v1beta/models/{model...}", lister, nil, a.afterPosition(a.geminiModel)},

		{"GET", "/api/v1/models", reader, nil, a.afterPosition(a.modelStates)},
		{"GET", "/api/v1/models/{id}", reader, nil, a.afterPosition(a.modelState)},
		{"GET", "/api/v1/models/{id}/pick", reader, picks, a.afterPosition(a.pick)},
		{"POST", "/api/v1/models/{id}/pick", reader, picks, a.afterPosition(a.pick)},
		{"GET", "/api/v1/clients", reader, nil, a.afterPosition(a.clients)},
		{"GET", "/api/v1/clients/{id}", reader, nil, a.afterPosition(a.client)},
		{"PUT", "/api/v1/clients/{id}", writer, nil, a.putClient},
		{"DELETE", "/api/v1/clients/{id}", writer, nil, a.evictClient},
		{"POST", "/api/v1/clients/{id}/heartbeat", writer, nil, a.heartbeat},
		{"GET", "/api/v1/clients/{id}/models/{model}", reader, nil, a.afterPosition(a.explain)},
		{"PUT", "/api/v1/clients/{id}/models/{model}/quota", writer, nil, a.setQuota},
		{"DELETE", "/api/v1/clients/{id}/models/{model}/quota", writer, seen, a.clearQuota},
		{"PUT", "/api/v1/clients/{id}/models/{model}/suspension", writer, nil, a.suspend},
		{"DELETE", "/api/v1/clients/{id}/models/{model}/suspension", writer, seen, a.resume},
		{"POST", "/api/v1/429", writer, nil, a.report},
		{"GET", "/api/v1/replicas", reader, nil, a.afterPosition(a.replicas)},
		{"GET", eventsPath, reader, nil, a.afterPosition(a.events)},

		{"GET", "/metrics", reader, nil, a.scrape},
	}
	for _, path := range []string{"/healthz", "/health/liveliness", "/health/liveness"} {
		all = append(all, route{"GET", path, anyone, nil, a.live})
	}
	for _, path := range []string{"/readyz", "/health/readiness"} {
		all = append(all, route{"GET", path, anyone, nil, a.ready})
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
		if strings.HasPrefix(r.path, "/api/") {
			r.handle = onlyWith(r.query, r.handle)
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
