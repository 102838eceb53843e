package registry

import (
	"fmt"
	"sync"
	"time"
)

// Health says how far the view can be trusted.
type Health struct {
	// Connected says that Redis answers. It becomes false when Redis refuses what the replica's follower asks, and when it
	// does not answer, nor answers once more on a new connection. That takes up to 2.5 s, and longer only while the follower
	// replays writes that waited or reads the namespace anew. A write without an answer changes nothing here.
	Connected bool
	// Polling says that reads of the feed cannot block in Redis, as behind some proxies: it is read four times a second, so
	// changes of other replicas arrive up to a quarter of a second late, once a minute up to half a second. doctor and the
	// log say why.
	Polling   bool
	Stale     bool          // the view may lack changes: Redis is away, the follower got no answer last, or the view is being read anew
	Age       time.Duration // the view shows everything that was acknowledged longer ago than this
	Settling  bool          // the history began less than a lease before this replica came: clients may be missing yet
	Position  Position      // of the view
	Replicas  int           // replicas with a lease, as last heard
	Pending   int           // writes that wait for Redis
	Refused   int           // writes that had waited and then were refused
	Since     time.Time     // when Connected became what it is
	LastError error         // what ended the connection last, nil for nothing so far
}

// healthRecord gathers what Health reports.
type healthRecord struct {
	mu      sync.Mutex
	up      bool
	stale   bool
	asOf    time.Time
	since   time.Time
	settles time.Time
	count   int
	refused int
	lastErr error
}

// current records that the view was complete at a moment.
func (h *healthRecord) current(asOf time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.up {
		h.up, h.since = true, time.Now()
	}
	h.stale = false
	if asOf.After(h.asOf) {
		h.asOf = asOf
	}
}

// failed records that Redis is away.
func (h *healthRecord) failed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up || h.since.IsZero() {
		h.since = time.Now()
	}
	h.up, h.stale, h.lastErr = false, true, err
}

// outdated records that the view may lack changes.
func (h *healthRecord) outdated() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stale = true
}

func (h *healthRecord) replicas(count int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count = count
}

func (h *healthRecord) refusedOne() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused++
}

func (h *healthRecord) settling(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settles = until
}

func (h *healthRecord) connected() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up
}

// down is why Redis cannot be asked, as far as is known; nil while it may answer.
func (h *healthRecord) down() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up || h.lastErr == nil {
		return nil
	}
	return fmt.Errorf("%w: redis is away: %w", ErrUnavailable, h.lastErr)
}

// unbroken says whether the connection has been there for so long without a break.
func (h *healthRecord) unbroken(d time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up && time.Since(h.since) >= d
}

// Health reports on the view and on the connection to Redis. It does not ask Redis.
func (r *ModelRegistry) Health() Health {
	waiting := r.pending.len()
	r.health.mu.Lock()
	defer r.health.mu.Unlock()
	return Health{
		Connected: r.health.up, Polling: r.store.Polling() != nil, Stale: r.health.stale, Age: time.Since(r.health.asOf),
		Settling: time.Now().Before(r.health.settles), Position: r.Position(), Replicas: r.health.count,
		Pending: waiting, Refused: r.health.refused, Since: r.health.since, LastError: r.health.lastErr,
	}
}

// Position is how far the view has followed the history of the namespace.
func (v *View) Position() Position { return v.listing.Load().position }
