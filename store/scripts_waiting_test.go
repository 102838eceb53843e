package store

import (
	"testing"
	"time"
)

// waiting is a space in which client c went with its last holder: m is over quota for 2 hours and n for 30; o is
// suspended without a deadline, and all of c for 3 hours.
func waiting(s *space) {
	s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n", "o", "free")))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 2)))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "n", SourceProviderReset, 30)))
	s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "o", Reason: "why"}))
	s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Until: s.in(3), Reason: "all"}))
	s.done(s.release(s.a, "a", 0))
}

func TestReleasedMarksWait(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.changed(`
			~ catalog_refs [m n o free]: 0 7
			- clients c
			- counts free
			- counts m
			- counts n
			- counts o
			+ deadlines c|: +30h
			+ deadlines c|o: +24h
			+ feed 7-0: a "" released a;c;gone
			- holds:a c
			- leases a
			+ marks c|: ^+30h^*|m|n|o
			- providers free|p
			- providers m|p
			- providers n|p
			- providers o|p
			- replicas a`)
		_, err := s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 5))
		s.refused(err, ErrNotRegistered)
		s.same(s.a.ClearQuota(s.ctx, "c", "m", "alice", s.head()))
		s.same(s.a.Resume(s.ctx, "c", "o", "alice", s.head()))
	})
}

func TestReleasedMarksReturn(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		r := registration("c", "p", "m", "n", "o", "free")
		r.Seen = s.head() // must not matter: b did not hold it
		s.done(s.b.Register(s.ctx, r))
		s.changed(`
			~ catalog_refs [m n o free]: 1
			+ clients c: p|[m n o free]|+0h|8|4|b
			+ counts free: 1
			+ counts m: 1
			+ counts n: 1
			+ counts o: 1
			- deadlines c|
			- deadlines c|o
			+ feed 8-0: b "" client c;p|[m n o free]|+0h|8|4|b;*;^+3h|6|+0h||a||all^` +
			`;m;+2h|3|+0h|heuristic|a||^^;n;+30h|4|+0h|provider_reset|a||^^;o;^0|5|+0h||a||why^
			+ holds:b c
			- marks c|
			+ providers free|p: 1
			+ providers m|p: 1
			+ providers n|p: 1
			+ providers o|p: 1`)
	})
}

func TestReleasedMarksOfOtherModelsGo(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		s.done(s.b.Register(s.ctx, registration("c", "q", "m")))
		s.changed(`
			+ catalog_refs [m]: 1
			+ catalogs [m]: ["m"]
			+ clients c: q|[m]|+0h|8|2|b
			+ counts m: 1
			~ deadlines (lifetime): +3h
			- deadlines c|
			- deadlines c|n
			- deadlines c|o
			+ feed 8-0: b "" client c;q|[m]|+0h|8|2|b;*;^+3h|6|+0h||a||all^;m;+2h|3|+0h|heuristic|a||^^;n;;o;
			+ holds:b c
			- marks c|
			- marks c|n
			- marks c|o
			~ meta deadline: +3h
			+ providers m|q: 1
			+ rosters [m]: ^m|1`)
	})
}

// What is over when the client returns is over, the suspension without a deadline after a day.
func TestReleasedMarksEndWhileWaiting(t *testing.T) {
	onBothMoving(t, func(s *space) {
		waiting(s)
		s.server.Advance(s.t, 25*time.Hour)
		s.look()
		s.done(s.b.Register(s.ctx, registration("c", "p", "m", "n", "o", "free")))
		s.changed(`
			~ catalog_refs [m n o free]: 1
			+ clients c: p|[m n o free]|+25h|8|1|b
			+ counts free: 1
			+ counts m: 1
			+ counts n: 1
			+ counts o: 1
			- deadlines c|
			- deadlines c|*
			- deadlines c|m
			- deadlines c|o
			+ feed 8-0: b "" client c;p|[m n o free]|+25h|8|1|b;*;;m;;n;+30h|4|+0h|provider_reset|a||^^;o;
			+ holds:b c
			- marks c|
			- marks c|*
			- marks c|m
			- marks c|o
			~ meta now: +25h
			+ providers free|p: 1
			+ providers m|p: 1
			+ providers n|p: 1
			+ providers o|p: 1`)
	})
}

// After the last deadline Redis drops `deadlines`; the records that are left then mean nothing.
func TestReleasedMarksAllOver(t *testing.T) {
	onBothMoving(t, func(s *space) {
		waiting(s)
		s.server.Advance(s.t, 31*time.Hour)
		s.look()
		if n := len(s.seen.sorted["deadlines"]); n != 0 {
			s.t.Fatalf("%d deadlines left", n)
		}
		s.done(s.b.Register(s.ctx, registration("c", "p", "o")))
		s.changed(`
			+ catalog_refs [o]: 1
			+ catalogs [o]: ["o"]
			+ clients c: p|[o]|+31h|8|0|b
			+ counts o: 1
			+ feed 8-0: b "" client c;p|[o]|+31h|8|0|b;*;;m;;n;;o;
			+ holds:b c
			- marks c|
			- marks c|*
			- marks c|m
			- marks c|n
			- marks c|o
			~ meta deadline: 0
			+ meta untidy: 1
			~ meta now: +31h
			+ providers o|p: 1
			+ rosters [o]: ^o|1`)
	})
}

// While one replica holds a client on, nothing of its marks waits.
func TestReleaseLeavesMarksOfHeldClients(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
		s.done(s.release(s.a, "a", 0))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|b
			+ feed 5-0: a "" released a;c;held
			- holds:a c
			- leases a
			- replicas a`)
	})
}
