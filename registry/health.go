package registry

import (
	"sync"
	"time"
)

// Health says how far the view can be trusted.
type Health struct {
	Connected bool          // Redis answered the last time it was asked
	Stale     bool          // the view may lack changes: Redis is away, or the view is being read anew
	Age       time.Duration // the view shows everything that was acknowledged longer ago than this
	Settling  bool          // the namespace began anew a short while ago and may not be complete yet
	Position  Position      // of the view
	Replicas  int           // replicas with a lease, as last heard
	Pending   int           // writes that wait for Redis
	LastError error         // what ended the connection last, nil for nothing so far
}

// healthRecord gathers what Health reports. The follower writes it.
type healthRecord struct {
	mu      sync.Mutex
	up      bool
	stale   bool
	asOf    time.Time
	count   int
	lastErr error
}

// current notes that the view was complete at a moment. It returns true when that is news.
func (h *healthRecord) current(asOf time.Time) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.lastErr != nil && !h.up
	h.up, h.stale = true, false
	if asOf.After(h.asOf) {
		h.asOf = asOf
	}
	return news
}

// failed notes an error. It returns true when that is news.
func (h *healthRecord) failed(err error) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.up
	h.up, h.stale, h.lastErr = false, true, err
	return news
}

func (h *healthRecord) diverged() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stale = true
}

func (h *healthRecord) replicas(count int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count = count
}

// Health reports on the view and on the connection to Redis. It does not ask Redis.
func (r *ModelRegistry) Health() Health {
	r.health.mu.Lock()
	defer r.health.mu.Unlock()
	return Health{
		Connected: r.health.up, Stale: r.health.stale, Age: time.Since(r.health.asOf),
		Position: r.Position(), Replicas: r.health.count, LastError: r.health.lastErr,
	}
}

// Position is how far the view has followed the history of the namespace.
func (v *View) Position() Position { return v.listing.Load().position }
