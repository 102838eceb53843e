package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// The headers that tell how far an answer can be trusted, in the form that http.Header keeps them.
const (
	headerPosition = "X-Rollcall-Position" // of the view, or of the change that a write made
	headerViewAge  = "X-Rollcall-View-Age" // seconds; see registry.Health.Age
	headerAfter    = "X-Rollcall-After"    // of a read: answer with a view that has come to this position
)

// afterLimit is how long a read waits for a position.
const afterLimit = time.Second

// positionHeader is the text of a position, kept since most answers have the same as the one before.
type positionHeader struct {
	position registry.Position
	values   []string
}

// tellPosition puts position and age of the view into an answer's headers. What is read from the view afterwards is of
// this position or a later one. A write sets the header anew, to the position of its change.
func (a *API) tellPosition(h http.Header) {
	health := a.registry.Health()
	told := a.told.Load()
	if told == nil || told.position != health.Position {
		told = &positionHeader{health.Position, []string{health.Position.String()}}
		a.told.Store(told)
	}
	h[headerPosition] = told.values[:1:1]
	h[headerViewAge] = []string{strconv.FormatFloat(health.Age.Seconds(), 'f', 3, 64)}
}

// told is what API keeps for tellPosition.
type told = atomic.Pointer[positionHeader]

// afterPosition lets a read wait for the position that X-Rollcall-After names, so that a caller finds what it wrote
// through another daemon. A position of another epoch is a conflict: no waiting can help, since history was lost. One
// that does not come in time is answered with 503, and may be asked for again.
func (a *API) afterPosition(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := r.Header.Get(headerAfter)
		if text == "" {
			next(w, r)
			return
		}
		var position registry.Position
		if err := position.UnmarshalText([]byte(text)); err != nil {
			shapeOf(r).writeError(w, http.StatusBadRequest, headerAfter+" is "+strconv.Quote(text)+
				"; must be a position as "+headerPosition+" gave it, epoch:revision:nonce")
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), afterLimit)
		defer cancel()
		switch err := a.registry.WaitFor(ctx, position); {
		case err == nil:
			a.tellPosition(w.Header())
			next(w, r)
		case errors.Is(err, registry.ErrEpoch):
			shapeOf(r).writeErrorCode(w, http.StatusConflict, "epoch",
				headerAfter+" is of another epoch than the view; the history it belongs to was lost, so read without it")
		default:
			w.Header().Set("Retry-After", "1")
			shapeOf(r).writeError(w, http.StatusServiceUnavailable, "the view has not come to the position of "+headerAfter+" in time")
		}
	}
}
