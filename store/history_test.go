package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// lines is a history, oldest first, as "<hours since the start> <replica>[/<actor>] <kind> [client[ model]]: what".
func (s *space) lines(h History) string {
	var b strings.Builder
	for _, c := range slices.Backward(h.Changes) {
		who := c.Replica
		if c.Actor != "" {
			who += "/" + c.Actor
		}
		concerns := strings.TrimSpace(string(c.Kind) + " " + c.Client + " " + c.Model)
		for hours := -1; hours < 20; hours++ {
			c.What = strings.ReplaceAll(c.What, moment(s.in(hours)), fmt.Sprintf("%+dh", hours))
		}
		fmt.Fprintf(&b, "%s %s %s: %s\n", s.hours(c.Time.UnixMilli()), who, concerns, c.What)
	}
	return b.String()
}

func (s *space) history(q HistoryQuery) History {
	s.t.Helper()
	h, err := s.b.History(s.ctx, q)
	s.must(err)
	return h
}

// eventful is a space in which one of everything happened.
func eventful(t *testing.T, s *space) {
	t.Helper()
	s.step(s.a.Register(s.ctx, registration("c", "claude", "m", "n")))
	s.step(s.b.Register(s.ctx, registration("c", "claude", "m", "n")))
	s.step(s.a.Register(s.ctx, registration("d", "", "m")))
	s.step(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceRetryAfter, 5)))
	s.step(s.b.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 3)))
	s.step(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "it lies", Actor: "kim"}))
	s.step(s.a.ClearQuota(s.ctx, "c", "m", "kim", Position{s.head().Epoch, 1 << 40, ""}))
	s.step(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "broken", Until: s.in(7)}))
	s.step(s.a.Resume(s.ctx, "c", "m", "kim", Position{s.head().Epoch, 1 << 40, ""}))
	s.step(s.a.SetQuota(s.ctx, s.quota("d", "m", SourceHeuristic, 9)))
	s.step(s.a.Register(s.ctx, Registration{
		Client: "d", Catalog: list("m"), Seen: Position{s.head().Epoch, 1 << 40, ""},
	}))
	s.step(s.b.Unregister(s.ctx, "c", "", Position{}))
	s.step(s.release(s.b, "a", 0))
}

// last is the head now.
func last(s *space) Position {
	s.look()
	return s.head()
}

func TestHistory(t *testing.T) {
	onBoth(t, func(s *space) {
		eventful(t, s)
		all := `
+0h a epoch: an epoch began because: test
+0h a client c: registered by a as a client of claude, list of models [m n]
+0h b joined c: registered by b, too
+0h a client d: registered by a, list of models [m]
+0h a mark c m: marked over quota until +5h by source retry_after
+0h b mark c m: over quota, told again; stays until +5h by source retry_after
+0h a/kim mark c m: suspended until resumed: it lies
+0h a/kim mark c m: quota mark cleared
+0h a mark c *: suspended until +7h: broken
+0h a/kim mark c m: resumed
+0h a mark d m: marked over quota until +9h by source heuristic
+0h a client d: registered again by a; marks dropped: m
+0h b released c: released by b; still held by others: c
+0h b released: released by b for a, whose lease was over; gone, as nobody else holds them: c, d (marks wait for a return)
`
		said := func(q HistoryQuery, want string) {
			t.Helper()
			h := s.history(q)
			if got := s.lines(h); got != strings.TrimPrefix(want, "\n") || h.Trimmed {
				t.Errorf("%+v: trimmed is %v, got\n%s\nwant%s", q, h.Trimmed, got, want)
			}
		}
		said(HistoryQuery{}, all)
		said(HistoryQuery{Since: time.UnixMilli(s.start).Add(-hour)}, all)
		said(HistoryQuery{Since: time.UnixMilli(s.start).Add(hour)}, "")
		said(HistoryQuery{Limit: 1}, `
+0h b released: released by b for a, whose lease was over; gone, as nobody else holds them: c, d (marks wait for a return)
`)
		said(HistoryQuery{Client: "d"}, `
+0h a epoch: an epoch began because: test
+0h a client d: registered by a, list of models [m]
+0h a mark d m: marked over quota until +9h by source heuristic
+0h a client d: registered again by a; marks dropped: m
+0h b released d: released by b for a, whose lease was over; gone, as nobody else holds them: d (marks wait for a return)
`)
		said(HistoryQuery{Client: "c", Model: "n"}, `
+0h a epoch: an epoch began because: test
+0h a client c: registered by a as a client of claude, list of models [m n]
+0h b joined c: registered by b, too
+0h a mark c *: suspended until +7h: broken
+0h b released c: released by b; still held by others: c
+0h b released c: released by b for a, whose lease was over; gone, as nobody else holds them: c (marks wait for a return)
`)
	})
}

// What the last change told of ended is known from the one before, which is not told.
func TestHistoryLooksOneFurther(t *testing.T) {
	onBoth(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.step(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 9)))
		s.step(s.a.ClearQuota(s.ctx, "c", "m", "", Position{s.head().Epoch, 1 << 40, ""}))
		if got, want := s.lines(s.history(HistoryQuery{Client: "c", Limit: 1})), "+0h a mark c m: quota mark cleared\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A new epoch is told with its reason, and what was brought into it; what was before is gone with the feed.
func TestHistoryOfANewEpoch(t *testing.T) {
	onBoth(t, func(s *space) {
		eventful(t, s)
		_, err := s.a.Begin(s.ctx, last(s), Position{}, "keys were lost")
		s.must(err)
		s.join(s.a)
		s.must(s.a.Assert(s.ctx, []Assertion{
			{Client: "c", Provider: "p", Catalog: list("m"), RegisteredAt: s.start},
			{Client: "d", Provider: "p", Catalog: list("m"), RegisteredAt: s.start},
		}, Position{"old", 5, ""}))
		s.must(s.b.Assert(s.ctx, nil, Position{}))
		h := s.history(HistoryQuery{})
		want := `+0h a epoch: an epoch began because: keys were lost
+0h a asserted: re-asserted by a: c, d
+0h b asserted: re-asserted by b: it holds no clients
`
		if got := s.lines(h); got != want || h.Trimmed {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// A feed that was trimmed says so where older changes were asked for, and only there.
func TestHistoryTrimmed(t *testing.T) {
	onBoth(t, func(s *space) {
		eventful(t, s)
		s.trimFeed(5)
		for _, c := range []struct {
			q    HistoryQuery
			want bool
		}{
			{HistoryQuery{}, true},
			{HistoryQuery{Client: "d"}, true},
			{HistoryQuery{Limit: 3}, false},
			{HistoryQuery{Since: time.UnixMilli(s.start).Add(hour)}, false},
		} {
			if h := s.history(c.q); h.Trimmed != c.want {
				t.Errorf("%+v: trimmed is %v", c.q, h.Trimmed)
			}
		}
	})
}

// entryOf is the entry of a mark as the i-th after the head.
func entryOf(s *space, i int) *redis.XAddArgs {
	head := s.head()
	return &redis.XAddArgs{
		Stream: s.a.keys.feed(), ID: fmt.Sprintf("%d-0", head.Revision+uint64(i)+1),
		Values: []any{
			"epoch", head.Epoch, "prev", "p", "nonce", "n", "time", s.start, "replica", "a", "actor", "",
			"kind", "mark", "payload", "c" + partSep + "m" + partSep,
		},
	}
}

func TestHistoryInPages(t *testing.T) {
	onBoth(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		const pages = 2*feedPage + 10
		end := last(s).Revision + pages
		pipe := s.admin.Pipeline()
		for i := range pages { // as if there had been so many marks
			pipe.XAdd(s.ctx, entryOf(s, i))
		}
		pipe.HSet(s.ctx, s.a.keys.meta(), "rev", end)
		_, err := pipe.Exec(s.ctx)
		s.must(err)
		h := s.history(HistoryQuery{Client: "c"})
		if n := len(h.Changes); n != pages+2 || h.Trimmed {
			t.Errorf("%d changes, trimmed is %v", n, h.Trimmed)
		}
		for i, c := range h.Changes {
			if c.Position.Revision != end-uint64(i) {
				t.Fatalf("change %d is of revision %d", i, c.Position.Revision)
			}
		}
	})
}

func TestHistoryOfNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		empty, err := New(s.client, Options{Namespace: s.name + "-2", Replica: "x"})
		s.must(err)
		defer empty.Close()
		if h, err := empty.History(s.ctx, HistoryQuery{}); len(h.Changes) > 0 || h.Trimmed || err != nil {
			t.Errorf("got %+v, %v", h, err)
		}
	})
}
