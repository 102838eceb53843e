package store

import "testing"

// marked is a space with client c of a, with models m, n and o, each over quota, and the position of the last mark.
func marked(s *space) (Registration, Position) {
	r := registration("c", "p", "m", "n", "o")
	s.given(s.a.Register(s.ctx, r))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "n", SourceHeuristic, 2)))
	return r, s.given(s.a.SetQuota(s.ctx, s.quota("c", "o", SourceHeuristic, 3))).Position
}

func TestRegisterAgainDropsSeenMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		r, seen := marked(s)
		r.Seen = seen
		s.done(s.a.Register(s.ctx, r))
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|0|a
			- deadlines (lifetime)
			- deadlines c|m
			- deadlines c|n
			- deadlines c|o
			+ feed 6-0: a "" client c;p|[m n o]|+0h|2|0|a;m;;n;;o;
			- marks c|m
			- marks c|n
			- marks c|o
			~ meta deadline: 0`)
		s.same(s.a.Register(s.ctx, r))
	})
}

func TestRegisterAgainKeepsNewerMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		r, seen := marked(s)
		r.Seen = Position{seen.Epoch, seen.Revision - 1, "unknown"}
		s.done(s.a.Register(s.ctx, r))
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|1|a
			- deadlines c|m
			- deadlines c|n
			+ feed 6-0: a "" client c;p|[m n o]|+0h|2|1|a;m;;n;
			- marks c|m
			- marks c|n`)
		r.Seen = Position{} // has seen nothing
		s.same(s.a.Register(s.ctx, r))
		r.Seen = Position{"another", seen.Revision, seen.Nonce}
		_, err := s.a.Register(s.ctx, r)
		s.refused(err, ErrAnotherEpoch)
	})
}

func TestRegisterAgainKeepsMarksIfAsked(t *testing.T) {
	onBoth(t, func(s *space) {
		r, seen := marked(s)
		r.Seen, r.Keep = seen, true
		s.same(s.a.Register(s.ctx, r))
		other := registration("c", "p", "m")
		other.Seen, other.Keep = seen, true
		s.done(s.a.Register(s.ctx, other)) // but those of models that go are dropped
		s.changed(`
			~ catalog_refs [m n o]: 0 6
			+ catalog_refs [m]: 1
			+ catalogs [m]: ["m"]
			~ clients c: p|[m]|+0h|6|1|a
			- counts n
			- counts o
			~ deadlines (lifetime): +1h
			- deadlines c|n
			- deadlines c|o
			+ feed 6-0: a "" client c;p|[m]|+0h|6|1|a;n;;o;
			- marks c|n
			- marks c|o
			~ meta deadline: +1h
			- providers n|p
			- providers o|p
			+ rosters [m]: ^m|1`)
	})
}

func TestRegisterAgainKeepsOperatorsMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		r := registration("c", "p", "m", "n")
		s.given(s.a.Register(s.ctx, r))
		q := s.quota("c", "m", SourceOperator, 1)
		q.Actor = "alice"
		s.given(s.a.SetQuota(s.ctx, q))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "seen"}))
		r.Seen = s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "by hand", Actor: "bob"})).Position
		s.done(s.a.Register(s.ctx, r)) // only the suspension of m goes
		s.changed(`
			+ feed 6-0: a "" client c;p|[m n]|+0h|2|2|a;m;+1h|3|+0h|operator|a|alice|^^
			~ marks c|m: +1h|3|+0h|operator|a|alice|^^`)
	})
}

// The marks of a client that another replica holds are what that one learned.
func TestRegisterByAnotherKeepsMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		r, seen := marked(s)
		r.Seen = seen
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"}))
		s.done(s.b.Register(s.ctx, r))
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|4|a,b
			+ feed 7-0: b "" joined c;b
			+ holds:b c`)
	})
}

func TestRegisterByAnotherDropsMarksOfRemovedModels(t *testing.T) {
	onBoth(t, func(s *space) {
		marked(s)
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"}))
		s.done(s.b.Register(s.ctx, registration("c", "p", "n", "new")))
		s.changed(`
			~ catalog_refs [m n o]: 0 7
			+ catalog_refs [n new]: 1
			+ catalogs [n new]: ["n" "new"]
			~ clients c: p|[n new]|+0h|7|2|a,b
			- counts m
			- counts o
			+ counts new: 1
			~ deadlines (lifetime): +2h
			- deadlines c|m
			- deadlines c|o
			+ feed 7-0: b "" client c;p|[n new]|+0h|7|2|a,b;m;;o;
			+ holds:b c
			- marks c|m
			- marks c|o
			~ meta deadline: +2h
			- providers m|p
			- providers o|p
			+ providers new|p: 1
			+ rosters [n new]: ^n|1^new|1`)
	})
}

// A mark that is over goes with the next registration, whether or not it was seen.
func TestRegisterAgainDropsMarksThatAreOver(t *testing.T) {
	onBothMoving(t, func(s *space) {
		r, _ := marked(s)
		s.server.Advance(s.t, 2*hour+hour/2)
		s.done(s.a.Register(s.ctx, r))
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|1|a
			- deadlines c|m
			- deadlines c|n
			+ feed 6-0: a "" client c;p|[m n o]|+0h|2|1|a;m;;n;
			- marks c|m
			- marks c|n
			~ meta now: +3h`)
	})
}
