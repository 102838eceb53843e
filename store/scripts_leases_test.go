package store

import (
	"testing"
	"time"
)

// lease is how long a replica's lease still runs, to the minute; 0 where it has none or its lease is over.
func (s *space) lease(replica string) time.Duration {
	s.t.Helper()
	s.look()
	left := time.UnixMilli(s.seen.sorted["leases"][replica]).Sub(s.server.Now(s.t))
	return max(0, left).Round(time.Minute)
}

// leases fails the test where the leases of these replicas do not run as long.
func (s *space) leases(want map[string]time.Duration) {
	s.t.Helper()
	for replica, left := range want {
		if got := s.lease(replica); got != left {
			s.t.Errorf("the lease of %s runs for %v, want %v", replica, got, left)
		}
	}
}

// A newcomer with a short lease, to whom the pause since the last heartbeat is long, takes nothing from the others.
func TestShortLeaseBesideLongOnes(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.server.Advance(s.t, 20*time.Minute)
		short := s.replica("short")
		_, err := short.Join(s.ctx, 5*time.Minute, "{}", time.Time{})
		s.must(err)
		s.leases(map[string]time.Duration{"a": 40 * time.Minute, "b": 40 * time.Minute, "short": 5 * time.Minute})
		s.server.Advance(s.t, 6*time.Minute)
		s.same(s.release(s.b, "a", hour))
		s.must(s.b.Reap(s.ctx, "short", hour))
		s.leases(map[string]time.Duration{"a": 34 * time.Minute, "b": 34 * time.Minute, "short": 0})
	})
}

// Where the clock leaps each lease has left what it had at the last heartbeat, whoever notices.
func TestLeasesOfDifferentLengthAfterALeap(t *testing.T) {
	for name, notices := range map[string]string{"the long one notices": "a", "the short one notices": "short"} {
		t.Run(name, func(t *testing.T) {
			onBothMoving(t, func(s *space) {
				replicas := map[string]*Store{"a": s.a, "short": s.replica("short")}
				lengths := map[string]time.Duration{"a": hour, "short": 10 * time.Minute}
				_, err := replicas["short"].Join(s.ctx, lengths["short"], "{}", time.Time{})
				s.must(err)
				for _, leap := range []time.Duration{5 * hour, -3 * hour} {
					s.server.Advance(s.t, leap)
					_, _, err := replicas[notices].Heartbeat(s.ctx, lengths[notices])
					s.must(err)
					s.leases(lengths)
				}
			})
		})
	}
}
