package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// collector reads a registry when Prometheus asks.
type collector struct{ registry Registry }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rollcall_"+name, help, labels, nil)
}

var (
	connected = describe("redis_connected", "1 while Redis answers, else 0.")
	stale     = describe("view_stale", "1 while the view may lack changes, else 0.")
	polling   = describe("feed_polling", "1 while the feed is read four times a second, as Redis does not let reads wait, else 0.")
	settling  = describe("settling", "1 while clients may be missing since the history has just begun, else 0.")
	viewAge   = describe("view_age_seconds", "The view shows all that was acknowledged longer ago than this.")
	feedLag   = describe("feed_lag_revisions", "Revisions that the view is behind the head of the feed.")
	generated = describe("generation", "A number that moves whenever an answer may have changed.")
	replicas  = describe("replicas", "Replicas with a lease, as last heard.")
	pending   = describe("pending_writes", "Writes that wait for Redis.")
	refused   = describe("refused_writes_total", "Writes that had waited for Redis and then were refused.")
	resyncs   = describe("resyncs_total", "Times the namespace was to be read anew.", "reason")
	cooled    = describe("cooled_down_total", "Quota marks that this replica asked Redis to set.")

	latency  = describe("redis_latency_seconds", "Time from a call of Redis to its answer.")
	failures = describe("redis_failures_total", "Calls of Redis that failed, those that were repeated included.", "class")
	scripts  = describe("script_duration_seconds", "Time of a script from call to return, repetitions included.", "script")

	models    = describe("models", "Models that some client supplies.")
	available = describe("models_available", "Models that some client can serve now.")
	providers = describe("providers", "Clients that supply a model.", "model", "provider", "state")
	remaining = describe("cooldown_remaining_seconds",
		"Time until the first client of a model comes back; only for models that no client can serve now.", "model")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{
		connected, stale, polling, settling, viewAge, feedLag, generated, replicas, pending, refused, resyncs, cooled, latency, failures,
		scripts, models, available, providers, remaining,
	} {
		to <- one
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(what *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(what, prometheus.GaugeValue, value, labels...)
	}
	counter := func(what *prometheus.Desc, value uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(what, prometheus.CounterValue, float64(value), labels...)
	}
	health, stats := c.registry.Health(), c.registry.Stats()
	gauge(connected, flag(health.Connected))
	gauge(stale, flag(health.Stale))
	gauge(polling, flag(health.Polling))
	gauge(settling, flag(health.Settling))
	gauge(viewAge, health.Age.Seconds())
	gauge(feedLag, float64(stats.FeedLag))
	gauge(generated, float64(c.registry.GetGeneration()))
	gauge(replicas, float64(health.Replicas))
	gauge(pending, float64(health.Pending))
	counter(refused, uint64(health.Refused))
	for reason, n := range stats.Resyncs {
		counter(resyncs, n, reason)
	}
	counter(cooled, stats.Redis.Scripts["quota"].Count)
	to <- histogram(latency, stats.Redis.RoundTrips)
	for class, n := range stats.Redis.Failures {
		counter(failures, n, class)
	}
	for verb, durations := range stats.Redis.Scripts {
		to <- histogram(scripts, durations, verb)
	}
	c.collectModels(gauge)
}

func (c collector) collectModels(gauge func(what *prometheus.Desc, value float64, labels ...string)) {
	all, canServe := c.registry.Models(), 0
	for _, m := range all {
		for _, p := range m.Providers {
			gauge(providers, float64(p.Available), m.ModelID, p.Provider, string(registry.StateAvailable))
			gauge(providers, float64(p.Cooling), m.ModelID, p.Provider, string(registry.StateCooling))
			gauge(providers, float64(p.Suspended), m.ModelID, p.Provider, string(registry.StateSuspended))
		}
		if m.Available > 0 {
			canServe++
		} else if m.RecoversIn > 0 {
			gauge(remaining, m.RecoversIn.Seconds(), m.ModelID)
		}
	}
	gauge(models, float64(len(all)))
	gauge(available, float64(canServe))
}

func histogram(what *prometheus.Desc, d store.Durations, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(d.Buckets))
	for i, bound := range store.DurationBounds() {
		buckets[bound.Seconds()] = d.Buckets[i]
	}
	return prometheus.MustNewConstHistogram(what, d.Count, d.Sum.Seconds(), buckets, labels...)
}

func flag(set bool) float64 {
	if set {
		return 1
	}
	return 0
}
