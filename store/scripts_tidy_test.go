package store

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// tidies runs Tidy and checks how many marks it removed.
func (s *space) tidies(want int) {
	s.t.Helper()
	if removed, err := s.a.Tidy(s.ctx); removed != want || err != nil {
		s.t.Fatalf("Tidy removed %d marks, %v; want %d", removed, err, want)
	}
}

func TestTidyWhereNothingIsOver(t *testing.T) {
	onBoth(t, func(s *space) {
		s.tidies(0)
		s.changed("")
		marked(s)
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"}))
		s.tidies(0)
		s.changed("")
	})
}

// While `deadlines` is there, it says what is over.
func TestTidyByDeadlines(t *testing.T) {
	onBothMoving(t, func(s *space) {
		marked(s)
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(3), Reason: "why"}))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "stays"}))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "*", SourceHeuristic, 1)))
		s.server.Advance(s.t, 2*hour+hour/2)
		s.tidies(2) // quota of *, and half of n
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|3|a
			- deadlines c|*
			- deadlines c|n
			~ marks c|n: ^0|7|+0h||a||stays^
			- marks c|*
			~ meta now: +3h`)
		s.tidies(0)
		s.changed("")
	})
}

// When the last deadline is over `deadlines` is gone, and the records that are left have to be looked through.
func TestTidyWithoutDeadlines(t *testing.T) {
	onBothMoving(t, func(s *space) {
		marked(s)
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(3), Reason: "why"}))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "stays"}))
		s.server.Advance(s.t, 4*hour)
		s.look()
		s.tidies(3)
		s.changed(`
			~ clients c: p|[m n o]|+0h|2|1|a
			+ meta untidy: 1
			- marks c|m
			- marks c|o
			~ marks c|n: ^0|7|+0h||a||stays^
			~ meta deadline: 0
			~ meta now: +4h`)
		s.tidies(0) // looks once more
		s.changed("- meta untidy")
	})
}

// A new mark brings `deadlines` back, without the records that were left.
func TestTidyFindsWhatDeadlinesForgot(t *testing.T) {
	onBothMoving(t, func(s *space) {
		r, _ := marked(s)
		s.server.Advance(s.t, 4*hour)
		s.given(s.a.Register(s.ctx, registration("d", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("d", "m", SourceHeuristic, 9)))
		s.tidies(3)
		s.changed(fmt.Sprintf(`
			~ clients c: p|%s|+0h|2|0|a
			- marks c|m
			- marks c|n
			- marks c|o
			- meta untidy`, r.Catalog.Digest))
		s.tidies(0)
		s.changed("")
	})
}

func TestTidyOfWaitingMarks(t *testing.T) {
	onBothMoving(t, func(s *space) {
		waiting(s)
		s.server.Advance(s.t, 25*time.Hour)
		s.look()
		s.tidies(3)
		s.changed(`
			- deadlines c|*
			- deadlines c|m
			- deadlines c|o
			- marks c|*
			- marks c|m
			- marks c|o
			~ meta now: +25h`)
		s.server.Advance(s.t, 6*time.Hour)
		s.tidies(1)
		s.tidies(0)
		s.changed(`
			- deadlines c|
			- deadlines c|n
			- deadlines (lifetime)
			- marks c|
			- marks c|n
			~ meta deadline: 0
			~ meta now: +31h`)
	})
}

// tidyInPages tidies in pages of a given size, with a step between the first page and the second.
func (s *space) tidyInPages(size int, between func()) (removed int) {
	s.t.Helper()
	cursor := "0"
	for page := 0; page == 0 || cursor != "0"; page++ {
		if page == 1 {
			between()
		}
		reply, err := s.a.run(s.ctx, call{verb: "tidy", args: []any{size, cursor}})
		s.must(err)
		var marks int
		if _, err := fmt.Sscan(reply.extra, &marks, &cursor); err != nil {
			s.t.Fatalf("reply %q: %v", reply.extra, err)
		}
		removed += marks
	}
	s.look()
	return removed
}

// manyMarks is a space in which client c has marks on so many models, all over after an hour, so long that Redis
// really looks through them in pages.
func manyMarks(s *space, n int) {
	s.given(s.a.Register(s.ctx, registration("c", "p", numbered(n)...)))
	for _, model := range numbered(n) {
		q := s.quota("c", model, SourceHeuristic, 1)
		q.Reason = strings.Repeat("long ", 20)
		_, err := s.a.SetQuota(s.ctx, q)
		s.must(err)
	}
	s.look()
}

func TestTidyInPages(t *testing.T) {
	onBothMoving(t, func(s *space) {
		manyMarks(s, 30)
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "*", SourceHeuristic, 9)))
		s.server.Advance(s.t, 2*hour)
		if removed := s.tidyInPages(7, func() {}); removed != 30 {
			s.t.Errorf("removed %d of 30", removed)
		}
	})
}

// `deadlines` may go between two pages.
func TestTidyWhileDeadlinesGo(t *testing.T) {
	onBothMoving(t, func(s *space) {
		manyMarks(s, 30)
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "*", SourceHeuristic, 3)))
		s.server.Advance(s.t, 2*hour)
		removed := s.tidyInPages(7, func() { s.server.Advance(s.t, 2*hour) })
		removed += s.tidyInPages(7, func() {})
		if removed != 31 || len(s.seen.hashes["marks"]) != 0 {
			s.t.Errorf("removed %d of 31; %d left", removed, len(s.seen.hashes["marks"]))
		}
	})
}
