package store

import (
	"strings"
	"testing"
)

// assertion is one of a client of a provider's models, registered five hours before the start.
func (s *space) assertion(client, provider string, models ...string) Assertion {
	return Assertion{Client: client, Provider: provider, Catalog: list(models...), RegisteredAt: s.in(-5)}
}

// asserted re-asserts clients as what a view of a lost history at this revision knew; 0: of this history.
func (s *space) asserted(by *Store, revision uint64, clients ...Assertion) {
	s.t.Helper()
	s.must(by.Assert(s.ctx, clients, Position{"lost", revision, "x"}))
}

// over is a quota mark of another history.
func (s *space) over(hours int, reason string) *Mark {
	return &Mark{Quota: &MarkPart{
		Until: s.in(hours), Revision: 90, Since: s.in(-1), Source: SourceHeuristic, Setter: "a", Reason: reason,
	}}
}

func TestAssertBringsClientsBack(t *testing.T) {
	onBoth(t, func(s *space) {
		c, d := s.assertion("c", "p", "m", "n"), s.assertion("d", "", "n")
		c.Marks = map[string]*Mark{"m": s.over(2, "50 %"), "n": s.over(-1, "past")}
		s.asserted(s.a, 100, c, d)
		s.changed(`
			+ catalog_refs [m n]: 1
			+ catalog_refs [n]: 1
			+ catalogs [m n]: ["m" "n"]
			+ catalogs [n]: ["n"]
			+ clients c: p|[m n]|-5h|0|1|a|100
			+ clients d: |[n]|-5h|0|0|a|100
			+ counts m: 1
			+ counts n: 2
			+ deadlines c|m: +2h
			+ deadlines (lifetime): +2h
			+ feed 2-0: a "" asserted 1;c;p|[m n]|-5h|0|1|a|100;1;m;+2h|0|-1h|heuristic|a||50 %25^^;d;|[n]|-5h|0|0|a|100;0
			+ holds:a c
			+ holds:a d
			+ marks c|m: +2h|0|-1h|heuristic|a||50 %25^^
			+ meta asserted:a: 1
			~ meta deadline: +2h
			+ providers m|p: 1
			+ providers n|p: 1
			+ rosters [m n]: ^m|1^n|1
			+ rosters [n]: ^n|1`)
	})
}

// Who asserts nothing says that it holds nothing.
func TestAssertNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		s.asserted(s.a, 100)
		s.changed(`
			+ feed 2-0: a "" asserted 1
			+ meta asserted:a: 1`)
	})
}

// Of two views the later one wins, whoever comes first, with its marks.
func TestAssertLaterViewWins(t *testing.T) {
	onBoth(t, func(s *space) {
		early, late := s.assertion("c", "p", "m"), s.assertion("c", "q", "n")
		early.Marks = map[string]*Mark{"m": s.over(2, "early"), "*": s.over(3, "early")}
		late.Marks = map[string]*Mark{"n": s.over(4, "late")}
		s.asserted(s.a, 100, early)
		s.look()
		s.asserted(s.b, 101, late)
		s.changed(`
			~ catalog_refs [m]: 0 3
			+ catalog_refs [n]: 1
			+ catalogs [n]: ["n"]
			~ clients c: q|[n]|-5h|0|1|a,b|101
			- counts m
			+ counts n: 1
			- deadlines c|*
			- deadlines c|m
			+ deadlines c|n: +4h
			~ deadlines (lifetime): +4h
			+ feed 3-0: b "" asserted 1;c;q|[n]|-5h|0|1|a,b|101;1;n;+4h|0|-1h|heuristic|a||late^^
			+ holds:b c
			- marks c|*
			- marks c|m
			+ marks c|n: +4h|0|-1h|heuristic|a||late^^
			~ meta deadline: +4h
			+ meta asserted:b: 1
			- providers m|p
			+ providers n|q: 1
			+ rosters [n]: ^n|1`)
		s.asserted(s.replica("e"), 99, early)
		s.changed(`
			~ clients c: q|[n]|-5h|0|1|a,b,e|101
			+ feed 4-0: e "" asserted 1;c;;-
			+ holds:e c
			+ leases e: +0h
			+ meta asserted:e: 1`)
	})
}

// later begins the history anew at revision 200, above what the views of the lost one know, and joins a and b.
func (s *space) later() {
	s.t.Helper()
	_, err := s.a.Begin(s.ctx, s.head(), Position{"lost", 199, "x"}, "test")
	s.must(err)
	s.join(s.a)
	s.join(s.b)
	s.look()
}

// brought begins the history anew and has a bring a client with a mark from a view of the lost one, of revision 100.
func (s *space) brought() Assertion {
	s.t.Helper()
	s.later()
	c := s.assertion("c", "p", "m")
	c.Revision, c.Marks = 70, map[string]*Mark{"m": s.over(2, "")}
	s.asserted(s.a, 100, c)
	s.look()
	return c
}

// A definition and a mark that come back keep their revisions, which are below those of the new epoch.
func TestAssertKeepsRevisions(t *testing.T) {
	onBoth(t, func(s *space) {
		c := s.brought()
		c.Revision, c.Marks = 300, map[string]*Mark{"m": {Quota: &MarkPart{Until: s.in(2), Revision: 250, Setter: "b"}}}
		early, ahead := s.seen.shown(), c
		s.asserted(s.b, 260, ahead) // its view was ahead of the one that began the epoch
		s.look()
		for i, shown := range []map[string]string{early, s.seen.shown()} {
			got := shown["clients c"] + " " + shown["marks c|m"]
			if want := []string{
				": p|[m]|-5h|70|1|a|100 : +2h|90|-1h|heuristic|a||^^", ": p|[m]|-5h|199|1|a,b|260 : +2h|199|0||b||^^",
			}[i]; got != want {
				s.t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

// Who brings what is there already is told like one who joins.
func TestAssertSameOfLaterView(t *testing.T) {
	onBoth(t, func(s *space) {
		c := s.brought()
		s.asserted(s.b, 101, c)
		s.changed(`
			~ clients c: p|[m]|-5h|70|1|a,b|101
			+ feed 202-0: b "" asserted 1;c;;-
			+ holds:b c
			+ meta asserted:b: 1`)
	})
}

// A definition that was written in this history stays, whatever a view of the lost one says. Marks that it has room for
// come with the view.
func TestAssertKeepsNewDefinition(t *testing.T) {
	onBoth(t, func(s *space) {
		s.later()
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		late := s.assertion("c", "q", "m", "n")
		late.Marks = map[string]*Mark{"m": s.over(2, ""), "n": s.over(4, "")}
		s.asserted(s.b, 200, late)
		s.changed(`
			+ catalog_refs [m n]: 0 201
			+ catalogs [m n]: ["m" "n"]
			~ clients c: p|[m]|+0h|201|1|a,b|200
			+ deadlines c|m: +2h
			+ deadlines (lifetime): +2h
			+ feed 202-0: b "" asserted 1;c;p|[m]|+0h|201|1|a,b|200;1;m;+2h|90|-1h|heuristic|a||^^
			+ holds:b c
			+ marks c|m: +2h|90|-1h|heuristic|a||^^
			+ meta asserted:b: 1
			~ meta deadline: +2h
			+ rosters [m n]: ^m|1^n|1`)
	})
}

// Of a client that a later view brings, each part of a mark stays that was written in this history; the rest becomes
// what the later view knew.
func TestAssertKeepsNewPartsOfMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		s.later()
		suspended := func() *Mark {
			return &Mark{Suspension: &MarkPart{Revision: 80, Since: s.in(-1), Setter: "a", Reason: "old"}}
		}
		early, late := s.assertion("c", "p", "m", "n", "o", "x"), s.assertion("c", "p", "m", "n", "o", "x")
		early.Marks = map[string]*Mark{"m": s.over(2, "early"), "n": suspended(), "o": suspended(), "*": suspended()}
		s.asserted(s.a, 100, early)
		s.look()
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "new"}))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "n", SourceHeuristic, 5)))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "o", Reason: "again"})) // the first reason stays
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "x", SourceHeuristic, 6)))
		late.Marks = map[string]*Mark{"n": s.over(3, "late"), "x": suspended()}
		s.asserted(s.b, 101, late)
		s.changed(`
			~ clients c: p|[m n o x]|-5h|0|4|a,b|101
			- deadlines c|m
			+ feed 206-0: b "" asserted 1;c;p|[m n o x]|-5h|0|4|a,b|101;4` + s.marksOf("c") + `
			+ holds:b c
			- marks c|*
			~ marks c|m: ^0|202|+0h||a||new^
			~ marks c|n: +5h|203|+0h|heuristic|a||^^
			~ marks c|x: +6h|205|+0h|heuristic|a||^0|80|-1h||a||old^
			+ meta asserted:b: 1`)
		if got := s.seen.shown()["marks c|o"]; got != ": ^0|204|-1h||a||old^" {
			s.t.Error(got)
		}
		s.asserted(s.replica("e"), 100, early) // an earlier view only joins
		s.changed(`
			~ clients c: p|[m n o x]|-5h|0|4|a,b,e|101
			+ feed 207-0: e "" asserted 1;c;;-
			+ holds:e c
			+ leases e: +0h
			+ meta asserted:e: 1`)
	})
}

// marksOf is how an entry shows the marks that a client has now, in whatever order.
func (s *space) marksOf(client string) string {
	s.t.Helper()
	now := s.read()
	text, _ := now.raw[len(now.raw)-1].Values["payload"].(string)
	parts := strings.Split(text, partSep)
	var shown strings.Builder
	for i := 4; i+1 < len(parts); i += 2 {
		if parts[i+1] != now.hashes["marks"][client+fieldSep+parts[i]] {
			s.t.Errorf("the entry says of %s %q, and Redis has another mark", parts[i], parts[i+1])
		}
		shown.WriteString(s.plain(now, partSep+parts[i]+partSep+parts[i+1]))
	}
	return shown.String()
}

// A replica that was taken for dead joins again, and the marks that wait here apply again.
func TestAssertOfThisHistory(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		s.join(s.a)
		s.look()
		c := s.assertion("c", "p", "m", "n", "o", "free")
		c.Marks = map[string]*Mark{"m": s.over(50, "not used")}
		s.must(s.a.Assert(s.ctx, []Assertion{c}, Position{}))
		s.changed(`
			~ catalog_refs [m n o free]: 1
			+ clients c: p|[m n o free]|-5h|8|4|a
			+ counts free: 1
			+ counts m: 1
			+ counts n: 1
			+ counts o: 1
			- deadlines c|
			- deadlines c|o
			+ feed 8-0: a "" asserted 1;c;p|[m n o free]|-5h|8|4|a;4;*;^+3h|6|+0h||a||all^` +
			`;m;+2h|3|+0h|heuristic|a||^^;n;+30h|4|+0h|provider_reset|a||^^;o;^0|5|+0h||a||why^
			+ holds:a c
			- marks c|
			+ meta asserted:a: 1
			+ providers free|p: 1
			+ providers m|p: 1
			+ providers n|p: 1
			+ providers o|p: 1`)
	})
}

// Marks that wait in this history were written in it: they beat what a view of the lost one knew.
func TestAssertMeetsWaitingMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		c := s.assertion("c", "p", "m", "n", "o", "free")
		c.Marks = map[string]*Mark{"m": s.over(50, "old"), "free": s.over(50, "old")}
		s.asserted(s.b, 100, c)
		s.look() // holds all against each other
		if marks := s.seen.shown()["clients c"]; marks != ": p|[m n o free]|-5h|0|4|b|100" {
			s.t.Error(marks)
		}
		if mark := s.seen.shown()["marks c|m"]; mark != ": +2h|3|+0h|heuristic|a||^^" {
			s.t.Error(mark)
		}
	})
}

func TestAssertKeepsUnknownFields(t *testing.T) {
	onBoth(t, func(s *space) {
		s.asserted(s.a, 100, s.assertion("c", "p", "m"))
		key := newKeys(s.name).clients()
		record := s.admin.HGet(s.ctx, key, "c").Val()
		s.must(s.admin.HSet(s.ctx, key, "c", record+fieldSep+"more"+fieldSep+"yet").Err())
		s.asserted(s.b, 101, s.assertion("c", "q", "m"))
		if s.look(); s.seen.shown()["clients c"] != ": q|[m]|-5h|0|0|a,b|101|more|yet" {
			s.t.Error(s.seen.shown()["clients c"])
		}
	})
}

func TestAssertInPages(t *testing.T) {
	onBoth(t, func(s *space) {
		s.holdsMany(s.a, 250, "m")
		var pages []int
		for i, entry := range s.seen.feed[1:] {
			pages = append(pages, len(entry.Asserted))
			if entry.All != (i == 2) {
				s.t.Errorf("page %d: all is %v", i, entry.All)
			}
		}
		if len(pages) != 3 || pages[0] != 100 || pages[1] != 100 || pages[2] != 50 {
			s.t.Errorf("clients in the pages: %v", pages)
		}
	})
}

func TestAssertUnknownCatalog(t *testing.T) {
	onBoth(t, func(s *space) {
		_, err := s.a.run(s.ctx, call{verb: "assert", args: []any{100, "1", 0, s.a.instance, "c", "p", "[m]", s.in(-5), 0, ""}})
		s.refused(err, errNoCatalog)
	})
}

func TestOffer(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		offer := call{verb: "offer", args: []any{
			"[m]", "\x1em\x1f1", `["m"]`, "[n]", "\x1en\x1f1", `["n"]`,
		}}
		_, err := s.a.run(s.ctx, offer)
		s.must(err)
		s.changed(`
			+ catalog_refs [n]: 0 2
			+ catalogs [n]: ["n"]
			+ rosters [n]: ^n|1`)
		s.same(s.a.run(s.ctx, offer))
	})
}
