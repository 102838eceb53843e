package store

import (
	"testing"
)

func TestRegisterNewClient(t *testing.T) {
	onBoth(t, func(s *space) {
		s.done(s.a.Register(s.ctx, registration("c", "gemini", "m1", "m2")))
		s.changed(`
			+ catalog_refs [m1 m2]: 1
			+ catalogs [m1 m2]: ["m1" "m2"]
			+ clients c: gemini|[m1 m2]|+0h|2|0|a
			+ counts m1: 1
			+ counts m2: 1
			+ feed 2-0: a "" client c;gemini|[m1 m2]|+0h|2|0|a
			+ holds:a c
			+ providers m1|gemini: 1
			+ providers m2|gemini: 1
			+ rosters [m1 m2]: ^m1|1^m2|1`)
	})
}

func TestRegisterCountsCopies(t *testing.T) {
	onBoth(t, func(s *space) {
		s.done(s.a.Register(s.ctx, registration("c", "p", "m", "n", "m")))
		s.changed(`
			+ catalog_refs [m n m]: 1
			+ catalogs [m n m]: ["m" "n" "m"]
			+ clients c: p|[m n m]|+0h|2|0|a
			+ counts m: 2
			+ counts n: 1
			+ feed 2-0: a "" client c;p|[m n m]|+0h|2|0|a
			+ holds:a c
			+ providers m|p: 2
			+ providers n|p: 1
			+ rosters [m n m]: ^m|2^n|1`)
	})
}

func TestRegisterWithoutModels(t *testing.T) {
	onBoth(t, func(s *space) {
		s.done(s.a.Register(s.ctx, registration("c", "p")))
		s.changed(`
			+ catalog_refs []: 1
			+ catalogs []: []
			+ clients c: p|[]|+0h|2|0|a
			+ feed 2-0: a "" client c;p|[]|+0h|2|0|a
			+ holds:a c
			+ rosters []:`)
	})
}

func TestRegisterNamesActor(t *testing.T) {
	onBoth(t, func(s *space) {
		r := registration("c", "p")
		r.Actor = "alice"
		s.done(s.a.Register(s.ctx, r))
		if entry := s.read().feed[1]; entry.Actor != "alice" || entry.Replica != "a" {
			s.t.Errorf("made by replica %q for %q", entry.Replica, entry.Actor)
		}
	})
}

func TestRegisterIdenticalChangesNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.same(s.a.Register(s.ctx, registration("c", "p", "m")))
	})
}

func TestRegisterSharedCatalog(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.done(s.a.Register(s.ctx, registration("d", "q", "m")))
		s.changed(`
			~ catalog_refs [m]: 2
			+ clients d: q|[m]|+0h|3|0|a
			~ counts m: 2
			+ feed 3-0: a "" client d;q|[m]|+0h|3|0|a
			+ holds:a d
			+ providers m|q: 1`)
	})
}

func TestRegisterOtherModels(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "old", "kept", "more")))
		s.done(s.a.Register(s.ctx, registration("c", "p", "kept", "more", "more", "new")))
		s.changed(`
			+ catalog_refs [kept more more new]: 1
			~ catalog_refs [old kept more]: 0 3
			+ catalogs [kept more more new]: ["kept" "more" "more" "new"]
			~ clients c: p|[kept more more new]|+0h|3|0|a
			+ counts new: 1
			~ counts more: 2
			- counts old
			+ feed 3-0: a "" client c;p|[kept more more new]|+0h|3|0|a
			+ providers new|p: 1
			~ providers more|p: 2
			- providers old|p
			+ rosters [kept more more new]: ^kept|1^more|2^new|1`)

		// The old list is back before anybody removed it.
		s.done(s.a.Register(s.ctx, registration("c", "p", "old", "kept", "more")))
		s.changed(`
			~ catalog_refs [kept more more new]: 0 4
			~ catalog_refs [old kept more]: 1
			~ clients c: p|[old kept more]|+0h|4|0|a
			- counts new
			~ counts more: 1
			+ counts old: 1
			+ feed 4-0: a "" client c;p|[old kept more]|+0h|4|0|a
			- providers new|p
			~ providers more|p: 1
			+ providers old|p: 1`)
	})
}

func TestRegisterOtherProvider(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Register(s.ctx, registration("d", "q", "m")))
		s.done(s.a.Register(s.ctx, registration("c", "q", "m")))
		s.changed(`
			~ clients c: q|[m]|+0h|4|0|a
			+ feed 4-0: a "" client c;q|[m]|+0h|4|0|a
			- providers m|p
			~ providers m|q: 2`)
		s.done(s.a.Register(s.ctx, registration("c", "", "m")))
		s.changed(`
			~ clients c: |[m]|+0h|5|0|a
			+ feed 5-0: a "" client c;|[m]|+0h|5|0|a
			~ providers m|q: 1`)
		s.done(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.changed(`
			~ clients c: p|[m]|+0h|6|0|a
			+ feed 6-0: a "" client c;p|[m]|+0h|6|0|a
			+ providers m|p: 1`)
	})
}

func TestRegisterKnownCatalog(t *testing.T) {
	onBoth(t, func(s *space) {
		r := registration("c", "p", "m")
		_, err := s.a.run(s.ctx, call{verb: "register", args: []any{
			"c", "p", r.Catalog.Digest, "", "", "0", "", 0, "", 0, s.a.instance,
		}})
		s.refused(err, errNoCatalog)

		r.Known = true // wrongly
		s.given(s.a.Register(s.ctx, r))
		known := Registration{Client: "d", Provider: "p", Catalog: Catalog{Digest: "[m]"}, Known: true}
		s.done(s.a.Register(s.ctx, known))
		s.changed(`
			~ catalog_refs [m]: 2
			+ clients d: p|[m]|+0h|3|0|a
			~ counts m: 2
			+ feed 3-0: a "" client d;p|[m]|+0h|3|0|a
			+ holds:a d
			~ providers m|p: 2`)
	})
}

// A model's name may look like a pattern, and one name may be the beginning of another.
func TestRegisterStrangeNames(t *testing.T) {
	onBoth(t, func(s *space) {
		s.done(s.a.Register(s.ctx, registration("%a .*", "p", "a/b:free", "a/b", "%d+", "{x}", "ü 1")))
		s.changed(`
			+ catalog_refs [a/b:free a/b %d+ {x} ü 1]: 1
			+ catalogs [a/b:free a/b %d+ {x} ü 1]: ["a/b:free" "a/b" "%d+" "{x}" "ü 1"]
			+ clients %a .*: p|[a/b:free a/b %d+ {x} ü 1]|+0h|2|0|a
			+ counts %d+: 1
			+ counts a/b: 1
			+ counts a/b:free: 1
			+ counts {x}: 1
			+ counts ü 1: 1
			+ feed 2-0: a "" client %a .*;p|[a/b:free a/b %d+ {x} ü 1]|+0h|2|0|a
			+ holds:a %a .*
			+ providers %d+|p: 1
			+ providers a/b:free|p: 1
			+ providers a/b|p: 1
			+ providers {x}|p: 1
			+ providers ü 1|p: 1
			+ rosters [a/b:free a/b %d+ {x} ü 1]: ^a/b:free|1^a/b|1^%d+|1^{x}|1^ü 1|1`)
		s.given(s.a.SetQuota(s.ctx, s.quota("%a .*", "%d+", SourceHeuristic, 1)))
		_, err := s.a.SetQuota(s.ctx, s.quota("%a .*", "%d", SourceHeuristic, 1))
		s.refused(err, ErrNotRegistered)
		_, err = s.a.SetQuota(s.ctx, s.quota("%a .*", "b", SourceHeuristic, 1))
		s.refused(err, ErrNotRegistered)
	})
}
