package httpapi

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/registry"
)

type liveness struct {
	Status string `json:"status"`
}

// live says that the process answers. It never depends on Redis: a restart would not bring Redis back, and would throw
// the view away.
func (a *API) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, liveness{"ok"})
}

// readiness is what the readiness probe says beside its status code.
type readiness struct {
	Status   string  `json:"status"`
	Redis    string  `json:"redis"`            // "ok"; "degraded": connected, but the view is behind; "down"
	ViewAge  float64 `json:"view_age_seconds"` // since the view was last known to be up to date
	Position string  `json:"position"`
	Replicas int     `json:"replicas"`
	Stale    bool    `json:"stale"`
	Settling bool    `json:"settling"` // the registry is young; clients may still be missing
	Polling  bool    `json:"polling"`  // changes arrive up to a quarter of a second late: Redis does not let reads wait
}

// ready says whether requests may be sent here: always while the view can answer, through outages of Redis too.
func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	if a.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, liveness{"shutting_down"})
		return
	}
	h := a.registry.Health()
	writeJSON(w, http.StatusOK, readiness{
		Status: "ok", Redis: redisState(h), ViewAge: h.Age.Seconds(), Position: h.Position.String(),
		Replicas: h.Replicas, Stale: h.Stale, Settling: h.Settling, Polling: h.Polling,
	})
}

func redisState(h registry.Health) string {
	switch {
	case !h.Connected:
		return "down"
	case h.Stale:
		return "degraded"
	default:
		return "ok"
	}
}

// scrape answers Prometheus.
func (a *API) scrape(w http.ResponseWriter, r *http.Request) { a.metrics.ServeHTTP(w, r) }
