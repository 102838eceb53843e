package store

import (
	"errors"
	"testing"
	"time"
)

// lease is how long a replica's lease still runs, to the minute; 0 where it has none or its lease is over.
func (s *space) lease(replica string) time.Duration {
	s.t.Helper()
	s.look()
	left := time.UnixMilli(s.seen.sorted["leases"][replica]).Sub(s.now())
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

// A hold that comes after its replica gave up all, as one that was under way, or that Redis held up, gets a lease of its
// own and ends with it. Its marks wait like those of any client of a dead replica.
func TestHoldAfterReleaseEndsByItself(t *testing.T) {
	for name, hold := range map[string]func(s *space) error{
		"register": func(s *space) error {
			_, err := s.a.Register(s.ctx, registration("c", "p", "m"))
			return err
		},
		"register, joining": func(s *space) error {
			s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
			_, err := s.a.Register(s.ctx, registration("c", "p", "m"))
			if err == nil {
				_, err = s.b.Unregister(s.ctx, "c", "", Position{})
			}
			return err
		},
		"assert": func(s *space) error {
			return s.a.Assert(s.ctx, []Assertion{s.assertion("c", "p", "m")}, Position{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBothMoving(t, func(s *space) {
				s.must(s.a.Release(s.ctx))
				s.must(hold(s))
				s.leases(map[string]time.Duration{"a": hour})
				s.given(s.b.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
				for range 3 {
					s.server.Advance(s.t, 25*time.Minute)
					s.beat(s.b)
				}
				s.must(s.b.Reap(s.ctx, "a", hour))
				s.look()
				if record, there := s.seen.hashes["clients"]["c"]; there || s.lease("a") != 0 {
					s.t.Errorf("after its lease the client is there: %q", record)
				}
				s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
				if s.seen.hashes["marks"]["c\x1fm"] == "" {
					s.t.Error("its mark did not wait")
				}
			})
		})
	}
}

// A hold leaves a lease that runs as it is.
func TestHoldDoesNotRenewALease(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.server.Advance(s.t, 20*time.Minute)
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.must(s.a.Assert(s.ctx, []Assertion{s.assertion("d", "p", "m")}, Position{}))
		s.leases(map[string]time.Duration{"a": 40 * time.Minute})
	})
}

// overtaken is a process under whose name, a, another one lives and holds c.
func overtaken(s *space) (by *Store) {
	s.t.Helper()
	by = s.replica("a")
	var taken *TakenError
	if _, err := by.Join(s.ctx, hour, "{}", time.Time{}); !errors.As(err, &taken) {
		s.t.Fatalf("joined beside another: %v", err)
	}
	_, err := by.Join(s.ctx, hour, "{}", taken.Lease)
	s.must(err)
	s.given(by.Register(s.ctx, registration("c", "p", "m")))
	return by
}

// A process whose name another one has now gives up nothing of what that holds, and registers nothing in its name.
func TestReleaseByTheOvertaken(t *testing.T) {
	onBoth(t, func(s *space) {
		by := overtaken(s)
		s.must(s.a.Release(s.ctx))
		s.changed("")
		for name, change := range map[string]func() (Reply, error){
			"release":    func() (Reply, error) { return s.a.ReleaseClient(s.ctx, "c", "", Position{}) },
			"unregister": func() (Reply, error) { return s.a.Unregister(s.ctx, "c", "", Position{}) },
			"register":   func() (Reply, error) { return s.a.Register(s.ctx, registration("d", "p", "m")) },
		} {
			if _, err := change(); !errors.Is(err, ErrTaken) {
				s.t.Errorf("%s: %v", name, err)
			}
		}
		s.changed("")
		s.must(by.Release(s.ctx))
		s.look()
		if len(s.seen.hashes["clients"]) > 0 {
			s.t.Error("the one that has the name gave up nothing either")
		}
	})
}

// Nor does it say in the other's name what that holds.
func TestAssertByTheOvertaken(t *testing.T) {
	onBoth(t, func(s *space) {
		by := overtaken(s)
		s.refused(s.a.Assert(s.ctx, nil, Position{}), ErrTaken)
		s.must(by.Assert(s.ctx, nil, Position{}))
	})
}
