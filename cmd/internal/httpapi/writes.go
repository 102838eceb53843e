package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/registry"
)

// byHand is the context of a write that a person or tool makes: its marks are an operator's, under the token's name. The
// write goes on when the caller goes away, since half a write is none; the registry limits its time.
func byHand(r *http.Request) context.Context { return registry.WithActor(reported(r), actorOf(r)) }

// reported is the context of a write that tells what a provider answered. It has no actor: a later answer may overrule it,
// as it may what a replica was told itself.
func reported(r *http.Request) context.Context { return context.WithoutCancel(r.Context()) }

// answerWrite answers a write with the position that the view has come to: 200 with a body, 204 without, and 202 where the
// write waits, for Redis or for the view.
func (a *API) answerWrite(w http.ResponseWriter, r *http.Request, err error, body func() any) {
	a.tellPosition(w.Header())
	status := http.StatusOK
	switch {
	case errors.Is(err, registry.ErrPending):
		status = http.StatusAccepted
	case err != nil:
		a.writeFailure(w, r, err)
		return
	case body == nil:
		status = http.StatusNoContent
	}
	if body == nil {
		w.WriteHeader(status)
		return
	}
	writeJSON(w, status, body())
}

// The codes of errors that the registry gives.
const (
	codeNotRegistered = "not_registered"
	codeConfigured    = "configured"
	codeViewStale     = "view_stale"
)

// writeFailure answers with what the registry refused.
func (a *API) writeFailure(w http.ResponseWriter, r *http.Request, err error) {
	form := shapeOf(r)
	var invalid *registry.InvalidError
	switch {
	case errors.As(err, &invalid):
		form.writeError(w, http.StatusBadRequest, fieldName(invalid.Field)+" "+invalid.Problem)
	case errors.Is(err, registry.ErrNotRegistered) && (errors.Is(err, registry.ErrUnavailable) || a.cutOff()):
		writeStale(w, r)
	case errors.Is(err, registry.ErrNotRegistered):
		form.writeErrorCode(w, http.StatusNotFound, codeNotRegistered, "the client is not registered, or does not supply the model")
	case errors.Is(err, holds.ErrConfigured):
		form.writeErrorCode(w, http.StatusConflict, codeConfigured,
			"the client is one of this daemon's config file: change it there, or choose another ID; one that was evicted comes "+
				"back when the daemon starts again")
	case errors.Is(err, registry.ErrUnavailable), errors.Is(err, registry.ErrClosed):
		w.Header().Set("Retry-After", "1")
		form.writeError(w, http.StatusServiceUnavailable, "redis does not answer")
	case r.Context().Err() != nil:
		form.writeError(w, http.StatusServiceUnavailable, "the caller went away") // and nothing is wrong here
	default:
		a.log.WithError(err).WithField("request_id", w.Header().Get(headerRequestID)).Error("a request failed")
		form.writeError(w, http.StatusInternalServerError, "the request failed; the log has more under its request ID")
	}
}

// cutOff reports whether the view may lack changes: what it does not show may be in Redis.
func (a *API) cutOff() bool {
	h := a.registry.Health()
	return !h.Connected || h.Stale
}

// writeStale answers, in the place of a 404, that a view which is cut off does not know what was asked for.
func writeStale(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	shapeOf(r).writeErrorCode(w, http.StatusServiceUnavailable, codeViewStale,
		"this daemon does not know it, and redis does not answer: another daemon may; ask again, or that one")
}

// fieldName is the name in the API of a field that the registry names.
func fieldName(field string) string {
	switch field {
	case "clientID":
		return "the client ID in the path"
	case "modelID":
		return "the model ID in the path"
	case "clientProvider":
		return "provider"
	default:
		return field
	}
}
