package redistest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Miniredis starts a miniredis of the test's own, over TCP. Its clock stands at the time of the call (whole
// milliseconds) until Advance moves it, and TTLs follow the clock. Blocking commands block in real time.
func Miniredis(tb testing.TB) *Server {
	tb.Helper()
	m := miniredis.NewMiniRedis()
	m.SetTime(time.Now().UTC().Truncate(time.Millisecond))
	m.ClockTTL(true)
	if err := m.Start(); err != nil {
		tb.Fatalf("redistest: starting a miniredis: %v", err)
	}
	tb.Cleanup(m.Close)
	return &Server{kind: kindMiniredis, addrs: []string{m.Addr()}, mini: m, pinned: true}
}

// MiniredisLive starts a miniredis of the test's own whose clock is time.Now, and TTLs follow it. It has no socket:
// clients reach it in memory, through the Dialer in Options, so that it works in a testing/synctest bubble, where
// leases and blocking commands then pass in virtual time. Call it with the bubble's own testing.T.
func MiniredisLive(tb testing.TB) *Server {
	tb.Helper()
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	tb.Cleanup(m.Close)
	return &Server{
		kind:  kindMiniredis,
		addrs: []string{"in-memory.invalid:6379"},
		mini:  m,
		dial:  func(context.Context, string, string) (net.Conn, error) { return m.Dial() },
	}
}
