package store

import (
	"testing"
	"time"
)

// evicted is a space in which client c of both replicas, with marks, was evicted; d is there beside it.
func evicted(s *space) {
	s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
	s.given(s.b.Register(s.ctx, registration("c", "p", "m", "n")))
	s.given(s.b.Register(s.ctx, registration("d", "p", "m")))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 2)))
	s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "why", Actor: "alice"}))
	s.done(s.a.Evict(s.ctx, "c", "bob"))
}

func TestEvict(t *testing.T) {
	onBoth(t, func(s *space) {
		evicted(s)
		s.changed(`
			~ catalog_refs [m n]: 0 7
			- clients c
			~ counts m: 1
			- counts n
			- deadlines c|m
			+ deadlines c|: +24h
			~ deadlines (lifetime): +24h
			+ feed 7-0: a "bob" evicted c
			- holds:a c
			- holds:b c
			- marks c|*
			- marks c|m
			+ marks c|: 7^+24h^
			~ meta deadline: +24h
			~ providers m|p: 1
			- providers n|p`)
		s.same(s.b.Evict(s.ctx, "c", "bob"))
		_, err := s.a.Head(s.ctx)
		s.must(err)
	})
}

// An evicted client is brought back by a registration, which takes the tombstone away, and by nothing else.
func TestEvictedStaysAway(t *testing.T) {
	onBoth(t, func(s *space) {
		evicted(s)
		s.look()
		s.must(s.b.Assert(s.ctx, []Assertion{s.assertion("c", "p", "m", "n"), s.assertion("d", "p", "m")}, Position{}))
		s.changed(`+ feed 8-0: b "" asserted 1
			+ meta asserted:b: 1`)
		s.must(s.b.Assert(s.ctx, []Assertion{s.assertion("c", "p", "m", "n")}, Position{"lost", 99, "x"}))
		s.changed(`+ feed 9-0: b "" asserted 1`)
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		if got := s.seen.shown(); got["clients c"] != ": p|[m]|+0h|10|0|b" || got["marks c|"] != "" {
			s.t.Errorf("%v", got)
		}
	})
}

// A tombstone stands for a day.
func TestEvictedForADay(t *testing.T) {
	onBothMoving(t, func(s *space) {
		evicted(s)
		s.server.Advance(s.t, 24*time.Hour-time.Minute)
		s.join(s.b)
		s.look()
		s.must(s.b.Assert(s.ctx, []Assertion{s.assertion("c", "p", "m")}, Position{}))
		if s.look(); s.seen.hashes["clients"]["c"] != "" {
			s.t.Fatal("it came back")
		}
		s.server.Advance(s.t, 2*time.Minute)
		s.join(s.b)
		s.tidies(0)
		if s.look(); s.seen.shown()["marks c|"] != "" {
			s.t.Error("the tombstone stays")
		}
		s.must(s.b.Assert(s.ctx, []Assertion{s.assertion("c", "p", "m")}, Position{}))
		if s.look(); s.seen.hashes["clients"]["c"] == "" {
			s.t.Error("it does not come back")
		}
	})
}

// What waits for a client goes with it; one that nobody knows is kept away as well.
func TestEvictTheAbsent(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		s.done(s.b.Evict(s.ctx, "c", ""))
		s.changed(`
			~ deadlines (lifetime): +24h
			~ deadlines c|: +24h
			- deadlines c|*
			- deadlines c|m
			- deadlines c|n
			- deadlines c|o
			+ feed 8-0: b "" evicted c
			~ marks c|: 8^+24h^
			- marks c|*
			- marks c|m
			- marks c|n
			- marks c|o
			~ meta deadline: +24h`)
		s.done(s.b.Evict(s.ctx, "stranger", ""))
		s.changed(`
			+ deadlines stranger|: +24h
			+ feed 9-0: b "" evicted stranger
			+ marks stranger|: 9^+24h^`)
	})
}

// The holders are looked up and the call is repeated with them; one who came meanwhile is found, too.
func TestEvictFindsTheHolders(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		reply := s.same(s.b.run(s.ctx, call{verb: "evict", holders: []string{"a"}, args: []any{"c", 1000, "a"}}))
		if reply.extra != "a,b" {
			s.t.Errorf("holders %q", reply.extra)
		}
		if s.given(s.b.Evict(s.ctx, "c", "")); len(s.seen.sets) != 0 {
			s.t.Errorf("holds: %v", s.seen.sets)
		}
	})
}

// A snapshot tells what was evicted, for those who did not see the entry.
func TestEvictInSnapshot(t *testing.T) {
	onBoth(t, func(s *space) {
		evicted(s)
		s.look()
		snapshot, err := s.b.Snapshot(s.ctx)
		s.must(err)
		if len(snapshot.Evicted) != 1 || snapshot.Evicted["c"] != 7 {
			s.t.Errorf("evicted: %v", snapshot.Evicted)
		}
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.b.Suspend(s.ctx, Suspension{Client: "c", Model: "m"}))
		s.given(s.b.ReleaseClient(s.ctx, "c", "", Position{})) // marks that wait are no tombstone
		snapshot, err = s.b.Snapshot(s.ctx)
		s.must(err)
		if len(snapshot.Evicted) != 0 {
			s.t.Errorf("evicted: %v", snapshot.Evicted)
		}
	})
}

// One hold is given up as all are: with the last the client goes and its marks wait.
func TestReleaseOneClient(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Register(s.ctx, registration("d", "p", "m")))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
		s.done(s.a.ReleaseClient(s.ctx, "c", "alice", s.head()))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|b
			+ feed 6-0: a "alice" released a;c;held
			- holds:a c`)
		s.same(s.a.ReleaseClient(s.ctx, "c", "", Position{}))
		s.same(s.a.ReleaseClient(s.ctx, "nobody", "", Position{}))
		_, err := s.b.ReleaseClient(s.ctx, "c", "", Position{"another", 9, "x"})
		s.refused(err, ErrAnotherEpoch)
		s.done(s.b.ReleaseClient(s.ctx, "c", "", s.head()))
		s.changed(`
			~ catalog_refs [m]: 1
			- clients c
			~ counts m: 1
			+ deadlines c|: +24h
			+ deadlines c|m: +24h
			+ deadlines (lifetime): +24h
			+ feed 7-0: b "" released b;c;gone
			- holds:b c
			+ marks c|: ^+24h^m
			~ meta deadline: +24h
			~ providers m|p: 1`)
	})
}
