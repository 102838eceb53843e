package store

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// release gives up a page of a replica's holds, as the replica by does it. lease is by's own; 0 for in any case.
func (s *space) release(by *Store, holder string, lease time.Duration) (Reply, error) {
	return by.run(s.ctx, call{verb: "release", holder: holder, args: []any{wait.Milliseconds(), lease.Milliseconds(), "", "", ""}})
}

func TestReleaseGivesUpHolds(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("mine", "p", "m", "n")))
		s.given(s.a.Register(s.ctx, registration("ours", "p", "n")))
		s.given(s.b.Register(s.ctx, registration("ours", "p", "n")))
		reply := s.done(s.release(s.a, "a", 0))
		if reply.extra != "0" {
			s.t.Errorf("%s holds left", reply.extra)
		}
		// The page is read in no order.
		payload := ": a \"\" released a;mine;gone;ours;held"
		if got := s.read().shown()["feed 5-0"]; got != payload {
			payload = ": a \"\" released a;ours;held;mine;gone"
		}
		s.changed(`
			~ catalog_refs [m n]: 0 5
			- clients mine
			~ clients ours: p|[n]|+0h|3|0|b
			- counts m
			~ counts n: 1
			+ feed 5-0` + payload + `
			- holds:a mine
			- holds:a ours
			- leases a
			- providers m|p
			~ providers n|p: 1
			- replicas a`)
		reply = s.same(s.release(s.a, "a", 0))
		if reply.extra != "0" {
			s.t.Errorf("%s holds left", reply.extra)
		}
	})
}

func TestReleaseWithoutHolds(t *testing.T) {
	onBoth(t, func(s *space) {
		reply, err := s.release(s.b, "b", 0)
		s.must(err)
		if !reply.Changed || reply.extra != "0" || reply.Position != s.head() {
			s.t.Errorf("replied %+v", reply)
		}
		s.changed(`
			- leases b
			- replicas b`)
		s.same(s.release(s.b, "b", 0))
		s.same(s.release(s.b, "nobody", 0))
	})
}

// What meta knows of a replica's holds goes with the replica, lest it grows with every process that ever ran.
func TestReleaseForgetsSizeOfHolds(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.must(s.a.Release(s.ctx))
		s.must(s.b.Release(s.ctx))
		s.look()
		for field := range s.seen.hashes["meta"] {
			if strings.HasPrefix(field, "holds:") {
				s.t.Errorf("meta still has %s", field)
			}
		}
	})
}

// holdsMany makes a replica the holder of so many clients with the same models.
func (s *space) holdsMany(replica *Store, n int, models ...string) {
	s.t.Helper()
	var all []Assertion
	for _, client := range numbered(n) {
		all = append(all, s.assertion(client, "p", models...))
	}
	s.must(replica.Assert(s.ctx, all, Position{}))
	s.look()
}

func TestReleaseInPages(t *testing.T) {
	onBoth(t, func(s *space) {
		s.holdsMany(s.a, 250, "m")
		var left []string
		for page := 0; len(left) == 0 || left[len(left)-1] != "0"; page++ {
			left = append(left, s.done(s.release(s.a, "a", 0)).extra)
			s.look()
		}
		if !slices.Equal(left, []string{"150", "50", "0"}) {
			s.t.Errorf("holds left after each page: %v", left)
		}
		if len(s.seen.hashes["clients"]) != 0 {
			s.t.Errorf("%d clients left", len(s.seen.hashes["clients"]))
		}
	})
}

// A page ends after some 2,000 models, so that it stays short for Redis.
func TestReleasePagesByModels(t *testing.T) {
	onBoth(t, func(s *space) {
		s.holdsMany(s.a, 5, numbered(900)...)
		reply := s.done(s.release(s.a, "a", 0))
		s.look()
		if reply.extra != "2" {
			s.t.Errorf("%s of 5 holds left after a page, want 2", reply.extra)
		}
		s.must(s.a.Release(s.ctx))
		s.look()
		if len(s.seen.hashes["clients"]) != 0 || len(s.seen.hashes["counts"]) != 0 {
			s.t.Errorf("left: %v %v", s.seen.hashes["clients"], s.seen.hashes["counts"])
		}
	})
}

func TestReleaseOfAnother(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.done(s.release(s.b, "a", 0))
		s.changed(`
			~ catalog_refs [m]: 0 3
			- clients c
			- counts m
			+ feed 3-0: b "" released a;c;gone
			- holds:a c
			- leases a
			- providers m|p
			- replicas a`)
	})
}

func TestReleaseOnlyWhatIsOverdue(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		for range 2 {
			s.same(s.release(s.b, "a", hour))
			s.server.Advance(s.t, hour/2-time.Minute)
			s.beat(s.b)
			s.look()
		}
		s.same(s.release(s.b, "a", hour))
		s.server.Advance(s.t, 3*time.Minute)
		s.done(s.release(s.b, "a", hour))
		s.changed(`
			~ catalog_refs [m]: 0 3
			- clients c
			- counts m
			+ feed 3-0: b "" released a;c;gone
			- holds:a c
			- leases a
			- providers m|p
			- replicas a`)
	})
}

// A client of which only the hold is left, as after an operator's removal, is no news for the feed.
func TestReleaseOfHoldWithoutClient(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Unregister(s.ctx, "c", "", Position{}))
		s.must(s.admin.SAdd(s.ctx, newKeys(s.name).holds("a"), "c").Err())
		s.must(s.admin.HSet(s.ctx, newKeys(s.name).meta(), "holds:a", 1).Err())
		reply, err := s.release(s.a, "a", 0)
		s.must(err)
		if reply.extra != "0" || reply.Position != s.head() {
			s.t.Errorf("replied %+v", reply)
		}
		s.changed(`
			- leases a
			- replicas a`)
	})
}
