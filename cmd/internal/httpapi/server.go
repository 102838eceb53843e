// Package httpapi serves the model lists, in the shapes of three APIs, the management API, and the probes.
package httpapi

import (
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/metrics"
)

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
	holds    *holds.Holds
	tokens   []config.Token
	log      logrus.FieldLogger
	mux      *http.ServeMux
	metrics  *metrics.Metrics
	draining atomic.Bool
	lists    lists
	told     told
	streams  atomic.Int64  // of events, that run
	ending   chan struct{} // closed when the streams are to end
	foreign  *http.CrossOriginProtection
}

// Options are what an API is given beside the registry. The zero value has no tokens, so that everybody may do everything.
type Options struct {
	Tokens []config.Token
}

// New returns the API over a registry, and over the clients that are held in it for callers. Requests are logged at debug
// level.
func New(r Registry, held *holds.Holds, log logrus.FieldLogger, options Options) *API {
	a := &API{
		registry: r, holds: held, tokens: options.Tokens, log: log, mux: http.NewServeMux(), lists: lists{registry: r},
		ending: make(chan struct{}), foreign: http.NewCrossOriginProtection(),
	}
	a.metrics = metrics.New(r, func() float64 { return float64(a.streams.Load()) })
	a.route(a.routes())
	a.mux.HandleFunc("/", a.notFound)
	return a
}

// Drain makes readiness answer that this replica is going away; everything else goes on.
func (a *API) Drain() { a.draining.Store(true) }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	seen := &observed{ResponseWriter: w, status: http.StatusOK}
	id := requestID(r)
	w.Header()[headerRequestID] = []string{id}
	a.tellPosition(w.Header())
	a.serve(seen, r)
	took := time.Since(began)
	if r.Pattern == eventsPath {
		took = 0 // it says how long somebody listened
	}
	a.metrics.Answered(r.Pattern, r.Method, seen.status, took)
	// Without the query: Gemini's clients put their keys there.
	a.log.WithFields(logrus.Fields{
		"method": r.Method, "path": r.URL.Path, "status": seen.status, "bytes": seen.bytes,
		"took": took, "remote": r.RemoteAddr, "request_id": id,
	}).Debug("request")
}

// serve answers a request. Pages of other origins that somebody's browser shows can change nothing: a daemon without
// tokens could not tell them from its user.
func (a *API) serve(w *observed, r *http.Request) {
	defer func() {
		if reason := recover(); reason != nil {
			a.recovered(w, r, reason)
		}
	}()
	if err := a.foreign.Check(r); err != nil {
		shapeOf(r).writeError(w, http.StatusForbidden, "a page of another origin may not change anything here")
		return
	}
	if problem := pathProblem(r.URL.EscapedPath()); problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// Server returns an HTTP server of the API with the limits set. It is to be called once.
func (a *API) Server() *http.Server {
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(lineWriter{a.log}, "", 0),
	}
	server.RegisterOnShutdown(sync.OnceFunc(func() { close(a.ending) })) // event streams have no end of their own
	return server
}

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	shapeOf(r).writeError(w, http.StatusNotFound, "unknown path "+r.URL.Path)
}

// observed notes what a handler answered.
type observed struct {
	http.ResponseWriter

	status int
	bytes  int
	began  bool // an answer
}

func (o *observed) WriteHeader(status int) {
	o.status, o.began = status, true
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Write(b []byte) (int, error) {
	o.began = true
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
