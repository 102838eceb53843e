// Package httpapi serves the model lists, in the shapes of three APIs, and the probes.
package httpapi

import (
	"context"
	"io"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
)

// Registry is what the handlers ask; *registry.ModelRegistry is one. Lists come ordered and are the caller's own.
type Registry interface {
	GetAvailableModelInfos() []*registry.ModelInfo
	GetAvailableModelsByProvider(provider string) []*registry.ModelInfo
	GetModelCount(modelID string) int
	GetModelProviders(modelID string) []string
	GetGeneration() uint64
	WaitFor(ctx context.Context, position registry.Position) error
	Health() registry.Health
}

// The limits of a connection. Answers are small and come from memory, so whoever takes long is slow or hostile.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// API is the handler of all paths.
type API struct {
	registry Registry
	log      logrus.FieldLogger
	mux      *http.ServeMux
	draining atomic.Bool
	lists    lists
	told     told
}

// New returns the API over a registry. Requests are logged at debug level.
func New(r Registry, log logrus.FieldLogger) *API {
	a := &API{registry: r, log: log, mux: http.NewServeMux(), lists: lists{registry: r}}
	a.get("/v1/models", a.afterPosition(a.models))
	a.get("/v1/models/{model...}", a.afterPosition(a.model))
	a.get("/v1beta/models", a.afterPosition(a.geminiModels))
	a.get("/v1beta/models/{model...}", a.afterPosition(a.geminiModel))
	for _, path := range []string{"/healthz", "/health/liveliness", "/health/liveness"} {
		a.get(path, a.live)
	}
	for _, path := range []string{"/readyz", "/health/readiness"} {
		a.get(path, a.ready)
	}
	a.mux.HandleFunc("/", a.notFound)
	return a
}

// Drain makes readiness answer that this replica is going away; everything else goes on.
func (a *API) Drain() { a.draining.Store(true) }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.tellPosition(w.Header())
	began := time.Now()
	seen := &observed{ResponseWriter: w, status: http.StatusOK}
	a.mux.ServeHTTP(seen, r)
	// Without the query: Gemini's clients put their keys there.
	a.log.WithFields(logrus.Fields{
		"method": r.Method, "path": r.URL.Path, "status": seen.status, "bytes": seen.bytes,
		"took": time.Since(began), "remote": r.RemoteAddr,
	}).Debug("request")
}

// Server returns an HTTP server of the API with the limits set.
func (a *API) Server() *http.Server {
	return &http.Server{
		Handler:           a,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(lineWriter{a.log}, "", 0),
	}
}

// get routes GET and HEAD of a path to a handler; other methods are refused in the shape of the API asked.
func (a *API) get(path string, handler http.HandlerFunc) {
	a.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			shapeOf(r).writeError(w, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed here; use GET")
			return
		}
		handler(w, r)
	})
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	shapeOf(r).writeError(w, http.StatusNotFound, "unknown path "+r.URL.Path)
}

// observed notes what a handler answered.
type observed struct {
	http.ResponseWriter

	status int
	bytes  int
}

func (o *observed) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Write(b []byte) (int, error) {
	n, err := o.ResponseWriter.Write(b)
	o.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// lineWriter logs what net/http has to say, such as a failed handshake or a panic in a handler.
type lineWriter struct{ log logrus.FieldLogger }

var _ io.Writer = lineWriter{}

func (l lineWriter) Write(line []byte) (int, error) {
	l.log.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}
