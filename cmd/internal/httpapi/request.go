package httpapi

import (
	"crypto/rand"
	"net/http"
	"runtime/debug"
	"strings"
)

// headerRequestID names a request in the log and in its answer: the caller's name for it, or one of our own.
const headerRequestID = "X-Request-Id"

const maxRequestID = 128 // bytes; a longer one is replaced

// requestID is the caller's name of the request where it is one that can stand in a log.
func requestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return strings.ToLower(rand.Text())
	}
	return id
}

// recovered answers a request whose handler panicked. Where an answer has begun already, the connection is cut.
func (a *API) recovered(w *observed, r *http.Request, reason any) {
	if reason == http.ErrAbortHandler {
		panic(reason)
	}
	a.log.WithField("request_id", w.Header().Get(headerRequestID)).Errorf("a handler panicked: %v\n%s", reason, debug.Stack())
	if w.began {
		panic(http.ErrAbortHandler)
	}
	shapeOf(r).writeError(w, http.StatusInternalServerError, "the request failed; the log has more under its request ID")
}
