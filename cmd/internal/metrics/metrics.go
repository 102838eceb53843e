// Package metrics tells Prometheus about a replica: what its view knows, what it asked of Redis, and what was asked of
// it over HTTP. docs/metrics.md lists all metrics. No label carries a client's ID.
package metrics

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollcall-dev/rollcall/registry"
)

// Registry is what the metrics are read from; *registry.ModelRegistry is one. None of its methods asks Redis.
type Registry interface {
	Health() registry.Health
	Stats() registry.Stats
	GetGeneration() uint64
	Models() []registry.ModelStatus
}

// Metrics are the metrics of one replica.
type Metrics struct {
	handler   http.Handler
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

// New returns the metrics of a registry; streams says how many streams of events are open. What they know is read when
// somebody asks.
func New(r Registry, streams func() float64) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_http_requests_total", Help: "Requests that were answered.",
		}, []string{"route", "method", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rollcall_http_request_duration_seconds",
			Help:    "Time from the request to the end of its answer; streams of events are not counted.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "rollcall_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version(), "go": runtime.Version()},
	})
	build.Set(1)
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rollcall_http_event_streams", Help: "Streams of events that are open.",
	}, streams)
	gatherer := prometheus.NewRegistry()
	gatherer.MustRegister(collector{r}, m.requests, m.durations, open, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{})
	return m
}

func version() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		return build.Main.Version
	}
	return ""
}

// ServeHTTP answers a scrape, in one of Prometheus' formats.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// methods are those that have a label of their own; a caller can make up any number of others.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}

// Answered counts a request. route is the pattern that it met, not its path, which has IDs in it. took is not told of a
// stream, 0.
func (m *Metrics) Answered(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "/" // it met none
	}
	if !slices.Contains(methods, method) {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	if took > 0 {
		m.durations.WithLabelValues(route).Observe(took.Seconds())
	}
}
