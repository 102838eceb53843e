package store

import (
	"testing"
	"time"
)

// A person's clear fences the pair, also where no mark is, and so does a resume: a quota mark of a request that began
// before it, or in another history, is refused. One that began after it, or nobody knows when, is not.
func TestFence(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		before := s.head()
		cleared := s.done(l.lift(s.b, s.ctx, "c", "m", "alice", Position{})).Position
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|a
			+ deadlines c|m: +0h
			+ deadlines (lifetime): +0h
			+ feed 3-0: b "alice" mark c;m;^^+0h|3
			+ marks c|m: ^^+0h|3
			~ meta deadline: +0h`)
		q := s.quota("c", "m", SourceProviderReset, 2)
		for _, seen := range []Position{before, {"another", 99, "x"}} {
			q.Seen = seen
			s.same(s.a.SetQuota(s.ctx, q))
		}
		whole := q
		whole.Model = "*" // a fence is of its pair
		s.given(s.a.SetQuota(s.ctx, whole))
		for _, seen := range []Position{cleared, s.head(), {}} {
			q.Seen = seen
			s.given(s.a.SetQuota(s.ctx, q))
		}
		if got := s.seen.shown()["marks c|m"]; got != ": +2h|7|+0h|provider_reset|a||^^+0h|3" {
			s.t.Error(got)
		}
	})
}

// A suspension carries no position, so no fence refuses it.
func TestFenceLetsSuspensionsPass(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Resume(s.ctx, "c", "m", "alice", Position{}))
		s.done(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
	})
}

// A person who lifts as of a position lifts no more than was there then, and fences no request that began later.
func TestFenceAsOf(t *testing.T) {
	onBothLifting(t, func(s *space, l lifting) {
		before := s.head()
		s.given(l.set(s, "m", "bob"))
		s.given(l.lift(s.a, s.ctx, "c", "m", "alice", before))
		if got := s.seen.feed[3].Marks[0].Mark; got == nil || l.part(got) == nil {
			s.t.Fatal("a mark went that is newer than what was seen")
		}
		q := s.quota("c", "m", SourceOperator, 2)
		q.Seen = Position{before.Epoch, before.Revision - 1, "x"}
		s.same(s.a.SetQuota(s.ctx, q))
		q.Seen = before
		s.given(s.a.SetQuota(s.ctx, q))
		s.given(l.lift(s.a, s.ctx, "c", "m", "alice", s.head()))
		if got := s.seen.feed[len(s.seen.feed)-1].Marks[0].Mark; got != nil && l.part(got) != nil {
			s.t.Error("the mark that was seen stays")
		}
	})
}

// A clear that waited fences where its caller looked: what began later is newer.
func TestFenceOfALateClear(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 2)))
		seen := s.head()
		s.given(s.b.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 3)))
		s.given(s.a.LiftLate(s.ctx, false, "c", "m", "alice", seen))
		if got := s.seen.shown()["marks c|m"]; got != ": +3h|4|+0h|heuristic|b||^^+0h|3" {
			s.t.Error(got)
		}
		s.given(s.a.ClearQuota(s.ctx, "c", "m", "alice", Position{}))
		s.given(s.a.LiftLate(s.ctx, false, "c", "m", "alice", seen)) // moves no fence back
		if got := s.seen.shown()["marks c|m"]; got != ": ^^+0h|6" {
			s.t.Error(got)
		}
	})
}

// A fence stands for a quarter of an hour, counts as no mark, and goes like one.
func TestFenceEnds(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
		before := s.head()
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "stays"}))
		for _, model := range []string{"m", "n"} {
			s.given(s.a.ClearQuota(s.ctx, "c", model, "alice", Position{}))
		}
		q := s.quota("c", "m", SourceHeuristic, 9)
		q.Seen = before
		s.server.Advance(s.t, 14*time.Minute)
		s.look()
		s.same(s.a.SetQuota(s.ctx, q))
		s.server.Advance(s.t, time.Minute+time.Second)
		s.look()
		s.tidies(0)
		if got := s.seen.shown()["marks c|m"]; got != ": ^^+0h|4" {
			s.t.Error(got)
		}
		s.look()
		if got := s.seen.shown(); got["marks c|m"] != "" || got["marks c|n"] != ": ^0|3|+0h||a||stays^" {
			s.t.Errorf("left: %v", got)
		}
		if got := s.seen.shown()["clients c"]; got != ": p|[m n]|+0h|2|1|a" {
			s.t.Error(got)
		}
		s.done(s.a.SetQuota(s.ctx, q))
	})
}

// Registering again drops marks and no fence; a client that goes and returns brings it along.
func TestFenceOutlastsRegistrations(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		q := s.quota("c", "m", SourceHeuristic, 2)
		q.Seen = s.head()
		s.given(s.a.ClearQuota(s.ctx, "c", "m", "alice", Position{}))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
		again := registration("c", "p", "m")
		again.Seen = s.head()
		s.given(s.a.Register(s.ctx, again))
		if got := s.seen.shown()["marks c|m"]; got != ": ^^+0h|3" {
			s.t.Fatal(got)
		}
		s.same(s.a.Register(s.ctx, again))
		s.same(s.a.SetQuota(s.ctx, q))
		s.given(s.a.ReleaseClient(s.ctx, "c", "", Position{}))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		s.same(s.a.SetQuota(s.ctx, q))
	})
}

// After a loss a view brings fences with the marks that have one, behind everything of the new history.
func TestFenceAfterALoss(t *testing.T) {
	onBoth(t, func(s *space) {
		s.later()
		c := s.assertion("c", "p", "m")
		mark, err := decodeMark("\x1e0\x1f90\x1f1\x1f\x1fe\x1f\x1fwhy\x1e" + "9999999999999\x1f99")
		s.must(err)
		c.Marks = map[string]*Mark{"m": mark}
		s.asserted(s.b, 100, c)
		s.look()
		q := s.quota("c", "m", SourceHeuristic, 2)
		q.Seen = Position{"lost", 99, "x"}
		s.same(s.a.SetQuota(s.ctx, q))
		q.Seen = s.head()
		s.done(s.a.SetQuota(s.ctx, q))
	})
}

// What a person set gives way to a person only, whatever the source and the deadline; a person's replaces a program's.
func TestOperatorsMarksGiveWayToPeopleOnly(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		quota := func(actor, source string, hours int, want string) {
			s.t.Helper()
			q := s.quota("c", "m", source, hours)
			q.Actor = actor
			s.given(s.a.SetQuota(s.ctx, q))
			if got := s.seen.shown()["marks c|m"]; got != ": "+want+"^^" {
				s.t.Errorf("quota %s, want %s", got, want)
			}
		}
		quota("", SourceProviderReset, 5, "+5h|3|+0h|provider_reset|a||")
		quota("alice", SourceHeuristic, 2, "+2h|4|+0h|heuristic|a|alice|")
		quota("", SourceProviderReset, 9, "+2h|5|+0h|heuristic|a|alice|")
		quota("", SourceOperator, 9, "+2h|6|+0h|heuristic|a|alice|")     // a program, whatever it calls itself
		quota("bob", SourceHeuristic, 1, "+2h|7|+0h|heuristic|a|alice|") // it ends no later, so it explains nothing
		quota("bob", SourceHeuristic, 3, "+3h|8|+0h|heuristic|a|bob|")
		s.given(s.a.ClearQuota(s.ctx, "c", "m", "bob", Position{}))
		suspend := func(actor string, hours int, reason, want string) {
			s.t.Helper()
			p := Suspension{Client: "c", Model: "*", Reason: reason, Actor: actor}
			if hours > 0 {
				p.Until = s.in(hours)
			}
			_, err := s.a.Suspend(s.ctx, p)
			s.must(err)
			s.look()
			if got := s.seen.shown()["marks c|*"]; got != ": ^"+want+"^" {
				s.t.Errorf("suspension %s, want %s", got, want)
			}
		}
		suspend("", 0, "1", "0|10|+0h||a||1")
		suspend("alice", 2, "2", "+2h|11|+0h||a|alice|2")
		suspend("", 0, "3", "+2h|11|+0h||a|alice|2")
		suspend("bob", 1, "4", "+2h|11|+0h||a|alice|2")
		suspend("bob", 0, "5", "0|12|+0h||a|bob|5")
	})
}

// A deadline that is over when the script runs changes nothing.
func TestMarksThatAreOverAlready(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.same(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceOperator, -1)))
		s.same(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(-1)}))
	})
}
