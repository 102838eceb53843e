package httpapi

import (
	"fmt"
	"net/http"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

const maxIDBytes = 512 // of a client and of a model, the registry's limit

// pathID returns an ID that the path names, which comes as one escaped segment; in the providers' shapes slashes that are
// not escaped are taken for part of it too. Where it cannot be one, the request is answered, and ok is false.
func pathID(w http.ResponseWriter, r *http.Request, wildcard, what string) (id string, ok bool) {
	id = r.PathValue(wildcard)
	most := maxIDBytes
	if shapeOf(r) == gemini {
		most += len(geminiPrefix)
	}
	if problem := config.IDProblem(id, most); problem != "" {
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

// positionFrom reads a position that the caller had seen. The problem is "" if it can be read.
func positionFrom(field, text string) (position registry.Position, problem string) {
	if err := position.UnmarshalText([]byte(text)); err != nil {
		return position, fmt.Sprintf("%s is %q; must be a position as %s gave it, epoch:revision:nonce", field, text, headerPosition)
	}
	return position, ""
}
