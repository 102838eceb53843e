package store

import (
	"context"
	"testing"
)

// lifting is one of the two verbs that take a part off a mark, with the verb that puts it there.
type lifting struct {
	set  func(s *space, model, actor string) (Reply, error)
	lift func(s *Store, ctx context.Context, client, model, actor string, seen Position) (Reply, error)
	part func(m *Mark) *MarkPart
}

var liftings = map[string]lifting{
	"clear": {
		func(s *space, model, actor string) (Reply, error) {
			q := s.quota("c", model, SourceHeuristic, 2)
			q.Actor = actor
			return s.a.SetQuota(s.ctx, q)
		},
		(*Store).ClearQuota,
		func(m *Mark) *MarkPart { return m.Quota },
	},
	"resume": {
		func(s *space, model, actor string) (Reply, error) {
			return s.a.Suspend(s.ctx, Suspension{Client: "c", Model: model, Until: s.in(2), Reason: "why", Actor: actor})
		},
		(*Store).Resume,
		func(m *Mark) *MarkPart { return m.Suspension },
	},
}

// onBothLifting runs f for clear and resume, each on both servers with client c of model m.
func onBothLifting(t *testing.T, f func(s *space, l lifting)) {
	t.Helper()
	for verb, l := range liftings {
		t.Run(verb, func(t *testing.T) {
			onBoth(t, func(s *space) {
				s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
				f(s, l)
			})
		})
	}
}

func TestLiftSeen(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		seen := s.given(l.set(s, "m", "")).Position
		s.done(l.lift(s.b, s.ctx, "c", "m", "", seen))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|a
			- deadlines c|m
			- deadlines (lifetime)
			+ feed 4-0: b "" mark c;m;
			- marks c|m
			~ meta deadline: 0`)
		s.same(l.lift(s.b, s.ctx, "c", "m", "", s.head()))
	})
}

func TestLiftWhereNothingIs(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		for _, pair := range [][2]string{{"c", "m"}, {"c", "*"}, {"c", "n"}, {"d", "m"}} {
			s.same(l.lift(s.b, s.ctx, pair[0], pair[1], "", s.head()))
		}
		for _, pair := range [][2]string{{"c", "n"}, {"d", "m"}, {"d", "*"}} {
			s.same(l.lift(s.b, s.ctx, pair[0], pair[1], "alice", Position{}))
		}
	})
}

// A success that began before the mark says nothing about it.
func TestLiftKeepsNewer(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		before := s.head()
		mark := s.given(l.set(s, "m", "")).Position
		s.same(l.lift(s.a, s.ctx, "c", "m", "", before))
		s.same(l.lift(s.a, s.ctx, "c", "m", "", Position{}))
		s.same(l.lift(s.a, s.ctx, "c", "m", "", Position{"another", mark.Revision + 9, mark.Nonce}))
		s.done(l.lift(s.a, s.ctx, "c", "m", "", mark))
	})
}

// A lift that waited through a loss takes what was brought from before, as far as it had seen, and nothing newer.
func TestLiftLateAfterALoss(t *testing.T) {
	for verb, l := range liftings {
		t.Run(verb, func(t *testing.T) {
			onBoth(t, func(s *space) {
				s.later()
				c := s.assertion("c", "p", "m", "n")
				part := &MarkPart{Until: s.in(2), Revision: 90, Setter: "e"}
				c.Marks = map[string]*Mark{"m": {Quota: part, Suspension: part}}
				s.asserted(s.b, 100, c)
				s.look()
				late := func(model string, revision uint64) (Reply, error) {
					return s.b.LiftLate(s.ctx, verb == "resume", "c", model, "", Position{"lost", revision, "x"})
				}
				s.same(late("m", 89))
				s.given(late("m", 90))
				s.given(l.set(s, "n", ""))
				s.same(late("n", 999)) // a view that was ahead of the one that began the epoch
			})
		})
	}
}

// What a weaker source says of a mark is news: a success seen before it does not clear the mark.
func TestLiftKeepsConfirmedQuota(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		seen := s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceProviderReset, 2))).Position
		s.given(s.b.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		s.same(s.a.ClearQuota(s.ctx, "c", "m", "", seen))
	})
}

func TestLiftOperatorsMark(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		s.given(l.set(s, "m", "alice"))
		s.same(l.lift(s.a, s.ctx, "c", "m", "", s.head()))
		s.done(l.lift(s.a, s.ctx, "c", "m", "bob", Position{}))
		s.changed(`
			~ deadlines c|m: +0h
			~ deadlines (lifetime): +0h
			+ feed 4-0: a "bob" mark c;m;^^+0h|4
			~ marks c|m: ^^+0h|4
			~ meta deadline: +0h`)
	})
}

// One half of a mark goes, the other stays.
func TestLiftLeavesOtherHalf(t *testing.T) {
	for verb, l := range liftings {
		other := liftings["resume"]
		if verb == "resume" {
			other = liftings["clear"]
		}
		t.Run(verb, func(t *testing.T) {
			onBoth(t, func(s *space) {
				s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
				s.given(l.set(s, "m", ""))
				s.same(other.lift(s.a, s.ctx, "c", "m", "", s.head()))
				s.given(other.set(s, "m", ""))
				s.done(l.lift(s.a, s.ctx, "c", "m", "", s.head()))
				s.look()
				mark := s.seen.feed[4].Marks[0].Mark
				if mark == nil || l.part(mark) != nil || other.part(mark) == nil {
					s.t.Errorf("left: %+v", mark)
				}
				if got := s.seen.shown()["clients c"]; got != ": p|[m]|+0h|2|1|a" {
					s.t.Error(got)
				}
			})
		})
	}
}

func TestLiftWholeClient(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		s.given(l.set(s, "*", ""))
		s.same(l.lift(s.a, s.ctx, "c", "m", "", s.head()))
		s.done(l.lift(s.a, s.ctx, "c", "*", "", s.head()))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|a
			- deadlines c|*
			- deadlines (lifetime)
			+ feed 4-0: a "" mark c;*;
			- marks c|*
			~ meta deadline: 0`)
	})
}
