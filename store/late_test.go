package store

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// An operation whose time is over is refused and changes nothing: its caller was told that it failed.
func TestLateOperationIsRefused(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := busy(t, server)
		for _, verb := range everyVerb(t) {
			_, err := s.attempt(s.callOf(verb), s.until(-time.Millisecond))
			s.refused(err, errClock)
			_, err = s.attempt(s.callOf(verb), s.until(100*time.Second)) // so long does nobody wait
			s.refused(err, errClock)
		}
	})
}

// Where the server's clock was moved, the store finds out, and its calls go through.
func TestCallsAfterClockWasMoved(t *testing.T) {
	onBothMoving(t, func(s *space) {
		for i, moved := range []time.Duration{24 * time.Hour, -24 * time.Hour, 80 * time.Second, -80 * time.Second} {
			s.server.Advance(s.t, moved)
			s.given(s.a.Register(s.ctx, registration(numbered(4)[i], "p", "m")))
		}
	})
}

// A clock that went back a little stands still until it has caught up; one that went back more is believed.
func TestClockGoingBack(t *testing.T) {
	onBothMoving(t, func(s *space) {
		before := s.given(s.a.Register(s.ctx, registration("c", "p", "m"))).Time
		s.server.Advance(s.t, -2*time.Second)
		after := s.given(s.a.Register(s.ctx, registration("d", "p", "m"))).Time
		if after.Before(before) {
			s.t.Errorf("after 2 s back: %v before %v", after, before)
		}
		back := 10 * time.Second
		if s.server.Miniredis() == nil {
			back = time.Minute // the test takes time there
		}
		s.server.Advance(s.t, -back)
		after = s.given(s.a.Register(s.ctx, registration("e", "p", "m"))).Time
		if !after.Before(before) {
			s.t.Errorf("after %v back: %v, not before %v", back, after, before)
		}
	})
}

// The last registration is the latest one, also when the clock was set back.
func TestRegistrationTimesNeverGoBack(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.server.Advance(s.t, -2*hour)
		s.given(s.a.Register(s.ctx, registration("d", "p", "m")))
		first, err1 := decodeClient(s.seen.hashes["clients"]["c"])
		second, err2 := decodeClient(s.seen.hashes["clients"]["d"])
		if err1 != nil || err2 != nil || second.RegisteredAt < first.RegisteredAt {
			s.t.Errorf("registered at %d, then at %d; %v %v", first.RegisteredAt, second.RegisteredAt, err1, err2)
		}
	})
}

// ops keeps an operation for as long as it can be repeated, and not much longer.
func TestOldOperationsAreForgotten(t *testing.T) {
	onBothMoving(t, func(s *space) {
		for _, client := range numbered(20) {
			s.given(s.a.Register(s.ctx, registration(client, "p", "m")))
		}
		if n := len(s.seen.sorted["ops"]); n != 21 {
			s.t.Fatalf("%d operations, want all 21", n)
		}
		s.server.Advance(s.t, 2*time.Minute)
		for range 11 {
			s.given(s.a.Unregister(s.ctx, numbered(20)[len(s.seen.hashes["clients"])-1], "", Position{}))
		}
		if n := len(s.seen.sorted["ops"]); n > 11 {
			s.t.Errorf("%d operations, want only the 11 new ones", n)
		}
	})
}
