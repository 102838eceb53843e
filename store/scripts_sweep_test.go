package store

import (
	"strconv"
	"testing"
)

// trimFeed removes the entries below a revision, as Redis does when the feed is full.
func (s *space) trimFeed(below uint64) {
	s.t.Helper()
	key := newKeys(s.name)
	s.must(s.admin.XTrimMinID(s.ctx, key.feed(), strconv.FormatUint(below, 10)).Err())
	s.must(s.admin.HSet(s.ctx, key.meta(), "feed", below-1).Err())
	s.look()
}

func TestSweepKeepsCatalogsOfRetainedEntries(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Register(s.ctx, registration("c", "p", "n"))) // revision 3: nobody uses [m] any more
		s.tidies(0)
		s.changed("")
		s.trimFeed(3)
		s.tidies(0)
		s.changed("")
	})
}

func TestSweepRemovesUnusedCatalogs(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Register(s.ctx, registration("c", "p", "n")))
		s.given(s.a.Register(s.ctx, registration("c", "p", "o")))
		s.trimFeed(4)
		s.tidies(0)
		s.changed(`
			- catalog_refs [m]
			- catalogs [m]
			- rosters [m]`)
		// It can come back.
		s.done(s.a.Register(s.ctx, registration("d", "p", "m")))
		s.changed(`
			+ catalog_refs [m]: 1
			+ catalogs [m]: ["m"]
			+ clients d: p|[m]|+0h|5|0|a
			+ counts m: 1
			+ feed 5-0: a "" client d;p|[m]|+0h|5|0|a
			+ holds:a d
			+ providers m|p: 1
			+ rosters [m]: ^m|1`)
	})
}

func TestSweepInPages(t *testing.T) {
	onBoth(t, func(s *space) {
		var args []any
		for _, digest := range numbered(230) {
			args = append(args, digest, "\x1em\x1f1", `["m"]`)
		}
		_, err := s.a.run(s.ctx, call{verb: "offer", args: args}) // and then nobody came
		s.must(err)
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.trimFeed(s.revision())
		s.tidies(0)
		s.look()
		if got := len(s.seen.hashes["catalogs"]); got != 1 {
			s.t.Errorf("%d catalogs left", got)
		}
	})
}
