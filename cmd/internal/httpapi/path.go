package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

const maxIDBytes = 512 // of a client and of a model, the registry's limit

// pathID returns an ID that the path names, which comes as one escaped segment. Where it cannot be one, the request is
// answered, and ok is false.
func pathID(w http.ResponseWriter, r *http.Request, wildcard, what string) (id string, ok bool) {
	id = r.PathValue(wildcard)
	if problem := config.IDProblem(id, maxIDBytes); problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, "the "+what+" ID in the path "+problem)
		return "", false
	}
	return id, true
}

// pathPair returns the client and the model that the path names; the model "*" is the client as a whole.
func pathPair(w http.ResponseWriter, r *http.Request) (client, model string, ok bool) {
	if client, ok = pathID(w, r, "id", "client"); !ok {
		return "", "", false
	}
	model, ok = pathID(w, r, "model", "model")
	return client, model, ok
}

// queryOf returns the parameters of a request, of which only those named may be there.
func queryOf(w http.ResponseWriter, r *http.Request, names ...string) (values url.Values, ok bool) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	problem := ""
	if err != nil {
		problem = "the query cannot be read: " + err.Error()
	}
	for name := range values {
		if !slices.Contains(names, name) {
			problem = fmt.Sprintf("%q is no parameter here", name)
		}
	}
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return nil, false
	}
	return values, true
}

// positionFrom reads a position that the caller had seen. The problem is "" if it can be read.
func positionFrom(field, text string) (position registry.Position, problem string) {
	if err := position.UnmarshalText([]byte(text)); err != nil {
		return position, fmt.Sprintf("%s is %q; must be a position as %s gave it, epoch:revision:nonce", field, text, headerPosition)
	}
	return position, ""
}
