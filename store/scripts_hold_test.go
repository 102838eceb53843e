package store

import "testing"

func TestRegisterJoinsAsHolder(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.done(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|a,b
			+ feed 3-0: b "" joined c;b
			+ holds:b c`)
		s.same(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.same(s.a.Register(s.ctx, registration("c", "p", "m")))
	})
}

// One replica's name may be the beginning or the end of another's.
func TestRegisterTellsHoldersApart(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.replica("aa").Register(s.ctx, registration("c", "p", "m")))
		s.given(s.replica("a.").Register(s.ctx, registration("c", "p", "m")))
		s.same(s.a.Unregister(s.ctx, "c", "", Position{}))
		s.done(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|aa,a.,a
			+ feed 4-0: a "" joined c;a
			+ holds:a c`)
		s.done(s.a.Unregister(s.ctx, "c", "", Position{}))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|aa,a.
			+ feed 5-0: a "" released a;c;held
			- holds:a c`)
	})
}

func TestRegisterByAnotherRedefines(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
		s.done(s.b.Register(s.ctx, registration("c", "q", "n", "o")))
		s.changed(`
			~ catalog_refs [m n]: 0 3
			+ catalog_refs [n o]: 1
			+ catalogs [n o]: ["n" "o"]
			~ clients c: q|[n o]|+0h|3|0|a,b
			- counts m
			+ counts o: 1
			+ feed 3-0: b "" client c;q|[n o]|+0h|3|0|a,b
			+ holds:b c
			- providers m|p
			- providers n|p
			+ providers n|q: 1
			+ providers o|q: 1
			+ rosters [n o]: ^n|1^o|1`)
	})
}

// A registration that waited for Redis does not undo one that was made meanwhile.
func TestRegisterLateJoinsNewerDefinition(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		late := registration("c", "q", "n")
		late.Late = true
		late.Seen = Position{s.head().Epoch, 1, ""}
		s.done(s.b.Register(s.ctx, late))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|a,b
			+ feed 4-0: b "" joined c;b
			+ holds:b c`)
		s.same(s.b.Register(s.ctx, late))
		late.Seen = s.head()
		s.done(s.b.Register(s.ctx, late)) // it knew of the definition it replaces
		s.changed(`
			~ catalog_refs [m]: 0 5
			+ catalog_refs [n]: 1
			+ catalogs [n]: ["n"]
			~ clients c: q|[n]|+0h|5|0|a,b
			- counts m
			+ counts n: 1
			- deadlines (lifetime)
			- deadlines c|m
			+ feed 5-0: b "" client c;q|[n]|+0h|5|0|a,b;m;
			- marks c|m
			~ meta deadline: 0
			- providers m|p
			+ providers n|q: 1
			+ rosters [n]: ^n|1`)
	})
}

// Nobody else can have meant another definition where the late one holds the client alone.
func TestRegisterLateBySoleHolder(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		late := registration("c", "q", "m")
		late.Late = true
		late.Seen = Position{s.head().Epoch, 1, ""}
		s.done(s.a.Register(s.ctx, late))
		s.changed(`
			~ clients c: q|[m]|+0h|3|0|a
			+ feed 3-0: a "" client c;q|[m]|+0h|3|0|a
			- providers m|p
			+ providers m|q: 1`)
	})
}

// What the late one had marked itself came before its registration; what others marked may have come after.
func TestRegisterLateDropsOwnMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
		late := registration("c", "p", "m", "n")
		late.Late, late.Seen = true, s.head()
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		s.given(s.b.SetQuota(s.ctx, s.quota("c", "n", SourceHeuristic, 2)))
		s.done(s.a.Register(s.ctx, late))
		s.changed(`
			~ clients c: p|[m n]|+0h|2|1|a
			- deadlines c|m
			+ feed 5-0: a "" client c;p|[m n]|+0h|2|1|a;m;
			- marks c|m`)
	})
}

// What a newer version of the program added to a client's record is carried along.
func TestRegisterKeepsUnknownFields(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		key := newKeys(s.name).clients()
		record := s.admin.HGet(s.ctx, key, "c").Val()
		s.must(s.admin.HSet(s.ctx, key, "c", record+fieldSep+"100"+fieldSep+"more").Err())
		s.look()
		s.done(s.b.Register(s.ctx, registration("c", "q", "m")))
		s.changed(`
			~ clients c: q|[m]|+0h|3|0|a,b|100|more
			+ feed 3-0: b "" client c;q|[m]|+0h|3|0|a,b|100|more
			+ holds:b c
			- providers m|p
			+ providers m|q: 1`)
		s.done(s.b.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		if record := s.read().shown()["clients c"]; record != ": q|[m]|+0h|3|1|a,b|100|more" {
			s.t.Error(record)
		}
	})
}

func TestUnregisterByAnother(t *testing.T) {
	onBoth(t, func(s *space) {
		s.same(s.a.Unregister(s.ctx, "c", "", Position{}))
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.same(s.b.Unregister(s.ctx, "c", "", Position{}))
	})
}

// Who has not seen this history cannot know whose hold is the last.
func TestUnregisterOfAnotherEpoch(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		_, err := s.a.Unregister(s.ctx, "c", "", Position{"another", 9, "x"})
		s.refused(err, ErrAnotherEpoch)
		s.done(s.a.Unregister(s.ctx, "c", "", s.head()))
	})
}

func TestUnregisterOneOfTwoHolders(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		s.done(s.a.Unregister(s.ctx, "c", "alice", Position{}))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|b
			+ feed 5-0: a "alice" released a;c;held
			- holds:a c`)
	})
}

func TestUnregisterLastHolder(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n", "n")))
		s.given(s.a.Register(s.ctx, registration("d", "p", "n")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 2)))
		s.given(s.a.SetQuota(s.ctx, s.quota("d", "n", SourceHeuristic, 1)))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "why"}))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"}))
		s.done(s.a.Unregister(s.ctx, "c", "", Position{}))
		s.changed(`
			~ catalog_refs [m n n]: 0 8
			- clients c
			- counts m
			~ counts n: 1
			- deadlines c|m
			~ deadlines (lifetime): +1h
			+ feed 8-0: a "" gone c
			- holds:a c
			- marks c|*
			- marks c|m
			- marks c|n
			~ meta deadline: +1h
			- providers m|p
			~ providers n|p: 1`)
		s.same(s.a.Unregister(s.ctx, "c", "", Position{}))
	})
}
