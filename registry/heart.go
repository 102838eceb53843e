package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// heart keeps this replica's lease, and ends those of replicas that no longer do.
type heart struct {
	mu     sync.Mutex
	first  store.Lease // the lease that ends first, as last heard
	beaten time.Time   // when the own lease was renewed last
	lapsed bool        // the own lease was gone: the follower must bring the clients back
	broken error       // damage that reaping met and no size tells of: the follower must mend it
	joined time.Time   // first, since it was last looked for what an earlier process of the same name held

	reaping  notice // the lease of a dead replica cannot be ended
	renewing notice // the own lease cannot be renewed
}

// join notes that this replica has joined.
func (h *heart) join() {
	h.renewed()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.joined.IsZero() {
		h.joined = h.beaten
	}
}

// joinedFirst is when the replica joined first since it was last looked for strays; zero: it did not.
func (h *heart) joinedFirst() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.joined
}

// strayed notes that nothing is left that was there when the replica joined at that time.
func (h *heart) strayed(joined time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.joined.Equal(joined) {
		h.joined = time.Time{}
	}
}

// takeBroken returns, once, the damage that was met.
func (h *heart) takeBroken() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.broken
	h.broken = nil
	return was
}

// setBroken notes damage.
func (h *heart) setBroken(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = err
}

func (h *heart) heard(first store.Lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.first = first
}

func (h *heart) renewed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beaten = time.Now()
}

// takeLapsed says, once, that the own lease was found gone.
func (h *heart) takeLapsed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.lapsed
	h.lapsed = false
	return was
}

// setLapsed notes that the own lease is gone.
func (h *heart) setLapsed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lapsed = true
}

// keepLease renews the own lease every third of it, and reaps, until ctx ends.
func (r *ModelRegistry) keepLease(ctx context.Context) {
	third := r.options.LeaseTTL / 3
	for ctx.Err() == nil {
		r.heart.mu.Lock()
		beat, first := time.Until(r.heart.beaten.Add(third)), r.heart.first
		r.heart.mu.Unlock()
		reap := time.Hour
		if first.Replica != "" && first.Replica != r.options.ReplicaID {
			reap = first.Ends.Sub(r.clock.Now()) + time.Millisecond
		}
		pause(ctx, max(0, min(beat, reap)))
		if ctx.Err() != nil {
			return
		}
		r.heart.mu.Lock()
		beat = time.Until(r.heart.beaten.Add(third))
		r.heart.mu.Unlock()
		if beat <= 0 {
			r.beat(ctx)
		} else if err := r.reap(ctx, first); err != nil && !r.closed.Load() {
			if r.heart.reaping.begin() {
				r.options.Logger.WithError(err).Warn("rollcall: cannot end the lease of a dead replica")
			}
			if errors.Is(err, store.ErrUnreadable) {
				r.heart.setBroken(err)
			}
			pause(ctx, third/4)
		} else if err == nil {
			r.heart.reaping.end()
		}
	}
}

// beat renews the own lease. Whatever comes of it, the next one is due a third of a lease later.
func (r *ModelRegistry) beat(ctx context.Context) {
	limited, cancel := r.limit(ctx)
	defer cancel()
	r.heart.renewed()
	head, joined, err := r.store.Heartbeat(limited, r.options.LeaseTTL)
	if err != nil {
		// The follower finds out whether Redis is away, and mends what can be mended.
		if ctx.Err() == nil && !r.closed.Load() && r.health.connected() && !mendable(err) && r.heart.renewing.begin() {
			r.options.Logger.WithError(err).Warn("rollcall: the lease was not renewed; trying again a third of it later")
		}
		return
	}
	r.heart.renewing.end()
	r.heard(head)
	if !joined {
		r.heart.setLapsed()
	}
}

// reap ends a lease that is over. Only a replica may that was connected without a break for a whole lease: after an
// outage every lease looks overdue, and the others need time to renew theirs.
func (r *ModelRegistry) reap(ctx context.Context, first store.Lease) error {
	pause(ctx, rand.N(100*time.Millisecond)) // so that not all replicas ask at once
	if !r.health.unbroken(r.options.LeaseTTL) || r.closed.Load() {
		pause(ctx, r.options.LeaseTTL/10)
		return nil
	}
	limited, cancel := r.limit(ctx)
	defer cancel()
	if err := r.store.Reap(limited, first.Replica, r.options.LeaseTTL); err != nil {
		return err
	}
	head, err := r.store.Head(limited)
	if err == nil {
		r.heard(head)
	}
	return err
}

// heard takes note of what a head tells beside the position.
func (r *ModelRegistry) heard(head store.Head) {
	r.health.replicas(head.Replicas)
	r.stats.heard(head.Position)
	r.heart.heard(head.FirstLease)
}

// join makes this process known as its replica. ErrEmpty and ErrBroken when there is nothing whole to join.
func (r *ModelRegistry) join(ctx context.Context) error {
	record, err := json.Marshal(r.describeProcess())
	if err != nil {
		return fmt.Errorf("describe replica: %w", err)
	}
	var taken *store.TakenError
	for seen := (time.Time{}); ; {
		limited, cancel := r.limit(ctx)
		head, err := r.store.Join(limited, r.options.LeaseTTL, string(record), seen)
		cancel()
		if err == nil {
			r.heart.join()
			r.heard(head)
			return nil
		}
		if !errors.As(err, &taken) {
			return err
		}
		if !seen.IsZero() {
			return invalid("Options.ReplicaID", "%q is the name of another live replica: %s", r.options.ReplicaID, taken.Record)
		}
		// One that lives renews within a third of its own lease; a crashed one leaves the name to its successor.
		seen = taken.Lease
		lease := r.options.LeaseTTL
		var other processRecord
		if json.Unmarshal([]byte(taken.Record), &other) == nil {
			lease = max(lease, time.Duration(other.Lease)*time.Millisecond)
		}
		pause(ctx, lease/3+lease/10)
		if ctx.Err() != nil {
			return fmt.Errorf("wait whether %q is still the name of another replica, %s: %w", r.options.ReplicaID, taken.Record, ctx.Err())
		}
	}
}

// processRecord describes a replica to the people who look for it.
type processRecord struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Version string    `json:"version,omitempty"`
	Started time.Time `json:"started"` // when the registry was opened
	Lease   int64     `json:"lease_ms"`
}

func (r *ModelRegistry) describeProcess() processRecord {
	host, _ := os.Hostname() // an empty name is as good as an error here
	record := processRecord{Host: host, PID: os.Getpid(), Started: r.opened.UTC(), Lease: r.options.LeaseTTL.Milliseconds()}
	if build, ok := debug.ReadBuildInfo(); ok {
		record.Version = build.Main.Version
	}
	return record
}
