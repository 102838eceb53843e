package store

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Clock estimates the server's clock from the times that its replies carry. Between replies it runs with this
// process' monotonic clock, so a jump of the local wall clock does not move it. Its zero value is not usable.
//
// A reply that left the server at S, asked at a and received at b on the local clock, says that the server's lead is
// between S-b and S-a. Samples are intersected as long as they agree, as in Marzullo's algorithm (Marzullo 1984, the
// root of NTP's), and widened by the drift two clocks may have; one that disagrees means that the server's clock was
// set, or that another server answers, and starts anew.
type Clock struct {
	start time.Time // carries the monotonic reading that everything here is relative to

	offset   atomic.Int64 // ns to add to the local reading: middle of the bounds
	least    atomic.Int64 // the same, lower bound
	observed atomic.Int64 // local reading of the last sample

	mu   sync.Mutex
	low  int64 // bounds of the server's lead over the local reading, ns
	high int64
}

const (
	// drift is how far two clocks may part, as a fraction: 200 ppm, twice what a bad quartz does.
	drift = 200e-6
	// resolution of the times in replies.
	resolution = int64(time.Millisecond)
)

// NewClock returns a clock that shows this machine's wall time until it has heard from a server.
func NewClock() *Clock {
	now := time.Now()
	c := &Clock{start: now, low: math.MinInt64 / 4, high: math.MaxInt64 / 4}
	c.offset.Store(now.UnixNano())
	c.least.Store(now.UnixNano())
	return c
}

func (c *Clock) local() int64 { return int64(time.Since(c.start)) }

// Millis returns the server's time in ms since the Unix epoch, the unit of every deadline.
func (c *Clock) Millis() int64 { return (c.local() + c.offset.Load()) / resolution }

// Now returns the server's time.
func (c *Clock) Now() time.Time { return time.Unix(0, c.local()+c.offset.Load()) }

// atLeast returns a time in ms that the server's clock has surely reached.
func (c *Clock) atLeast() int64 { return c.leastAt(c.local()) }

// leastAt is atLeast at a local reading. Since the last sample the server's clock may have lost on ours.
func (c *Clock) leastAt(local int64) int64 {
	lost := parted(local - c.observed.Load()) // before least: an older one only makes the answer smaller
	return (local + c.least.Load() - lost) / resolution
}

// parted is how far two clocks may part in a time; replies may be taken in another order than they came.
func parted(d int64) int64 { return int64(float64(max(d, 0)) * drift) }

// observe takes a reply's server time in ms, asked and received at these local readings.
func (c *Clock) observe(asked, received, server int64) {
	low, high := server*resolution-received, (server+1)*resolution-asked
	c.mu.Lock()
	defer c.mu.Unlock()
	widen := parted(received - c.observed.Load())
	if low <= c.high+widen && high >= c.low-widen {
		low, high = max(low, c.low-widen), min(high, c.high+widen)
	}
	c.low, c.high = low, high
	c.least.Store(low)
	c.observed.Store(received)
	c.offset.Store(low + (high-low)/2)
}
