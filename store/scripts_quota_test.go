package store

import (
	"strconv"
	"testing"
	"time"
)

func TestQuotaNew(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		q := s.quota("c", "m", SourceRetryAfter, 2)
		q.Reason, q.Actor = "50 % of\nall", "alice"
		s.done(s.b.SetQuota(s.ctx, q))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|a
			+ deadlines c|m: +2h
			+ deadlines (lifetime): +2h
			+ feed 3-0: b "alice" mark c;m;+2h|3|+0h|retry_after|b|alice|50 %25 of%0Aall^^
			+ marks c|m: +2h|3|+0h|retry_after|b|alice|50 %25 of%0Aall^^
			~ meta deadline: +2h`)
	})
}

func TestQuotaWindowByServerClock(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		reply := s.done(s.a.SetQuota(s.ctx, Quota{
			Client: "c", Model: "m", Window: 90 * time.Minute, Longest: 200 * hour, Source: SourceHeuristic,
		}))
		mark := s.read().feed[2].Marks[0].Mark.Quota
		if want := reply.Time.Add(90 * time.Minute).UnixMilli(); mark.Until != want || mark.Since != reply.Time.UnixMilli() {
			s.t.Errorf("from %d until %d, want until %d", mark.Since, mark.Until, want)
		}
	})
}

func TestQuotaIsCapped(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		q := s.quota("c", "m", SourceOperator, 1_000_000)
		reply := s.done(s.a.SetQuota(s.ctx, q))
		mark := s.read().feed[2].Marks[0].Mark.Quota
		if want := reply.Time.Add(q.Longest).UnixMilli(); mark.Until != want {
			s.t.Errorf("until %d, want %d", mark.Until, want)
		}
	})
}

// TestQuotaSources sets one mark after another on the same pair. An equal source extends and never shortens, a
// stronger one replaces, a weaker one changes nothing but the revision.
func TestQuotaSources(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		for i, step := range []struct {
			source string
			hours  int
			want   string
		}{
			{SourceHeuristic, 5, "+5h|3|+0h|heuristic|a||1"},
			{SourceHeuristic, 7, "+7h|4|+0h|heuristic|a||2"},           // extended
			{SourceHeuristic, 6, "+7h|5|+0h|heuristic|a||2"},           // not shortened, and explained as before
			{SourceRetryAfter, 3, "+3h|6|+0h|retry_after|a||4"},        // stronger, though shorter
			{SourceHeuristic, 9, "+3h|7|+0h|retry_after|a||4"},         // weaker, though longer
			{SourceProviderReset, 4, "+4h|8|+0h|provider_reset|a||6"},  // stronger
			{SourceRetryAfter, 9, "+4h|9|+0h|provider_reset|a||6"},     // weaker
			{SourceProviderReset, 4, "+4h|10|+0h|provider_reset|a||6"}, // equal
			{SourceOperator, 1, "+1h|11|+0h|operator|a||9"},            // strongest
			{SourceProviderReset, 9, "+1h|12|+0h|operator|a||9"},
		} {
			q := s.quota("c", "m", step.source, step.hours)
			q.Reason = strconv.Itoa(i + 1)
			s.given(s.a.SetQuota(s.ctx, q))
			if got := s.seen.shown()["marks c|m"]; got != ": "+step.want+"^^" {
				s.t.Errorf("after %s +%dh: %q, want %q", step.source, step.hours, got, step.want)
			}
		}
	})
}

// Who prolongs or confirms a mark does not change since when it stands.
func TestQuotaStandsSinceTheFirst(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceRetryAfter, 5)))
		s.server.Advance(s.t, 2*hour)
		for _, step := range []struct{ source, want string }{
			{SourceRetryAfter, "+7h|4|+0h|retry_after|a||"},
			{SourceHeuristic, "+7h|5|+0h|retry_after|a||"},
			{SourceOperator, "+7h|6|+0h|operator|a||"},
		} {
			s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", step.source, 7)))
			if got := s.seen.shown()["marks c|m"]; got != ": "+step.want+"^^" {
				s.t.Errorf("after %s: %q, want %q", step.source, got, step.want)
			}
		}
	})
}

// A mark that is over counts as absent: a weaker source begins a new one.
func TestQuotaAfterTheEnd(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceOperator, 1)))
		s.server.Advance(s.t, 2*hour)
		s.look()
		s.done(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 4)))
		s.changed(`
			+ deadlines c|m: +4h
			+ deadlines (lifetime): +4h
			+ feed 4-0: a "" mark c;m;+4h|4|+2h|heuristic|a||^^
			~ marks c|m: +4h|4|+2h|heuristic|a||^^
			~ meta deadline: +4h
			+ meta untidy: 1
			~ meta now: +2h`)
	})
}

// `deadlines` goes by itself when the last mark is over, and not before.
func TestDeadlinesLiveAsLongAsTheLastMark(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 4)))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "n", SourceHeuristic, 2)))
		s.server.Advance(s.t, 3*hour)
		s.changed("")
		s.server.Advance(s.t, 2*hour)
		s.changed(`
			- deadlines c|m
			- deadlines c|n
			- deadlines (lifetime)`)
		_, err := s.a.Head(s.ctx) // and that is no damage
		s.must(err)
	})
}

func TestQuotaOfWhatIsNotRegistered(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "mm")))
		for _, pair := range [][2]string{{"d", "m"}, {"d", "*"}, {"c", "n"}, {"c", ""}, {"c", "mmm"}} {
			_, err := s.a.SetQuota(s.ctx, s.quota(pair[0], pair[1], SourceHeuristic, 1))
			s.refused(err, ErrNotRegistered)
			_, err = s.a.Suspend(s.ctx, Suspension{Client: pair[0], Model: pair[1]})
			s.refused(err, ErrNotRegistered)
		}
	})
}

// "*" is the client as a whole; marks on pairs stay apart from it.
func TestQuotaOfWholeClient(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		s.done(s.a.SetQuota(s.ctx, s.quota("c", "*", SourceHeuristic, 2)))
		s.changed(`
			~ clients c: p|[m]|+0h|2|2|a
			+ deadlines c|*: +2h
			~ deadlines (lifetime): +2h
			+ feed 4-0: a "" mark c;*;+2h|4|+0h|heuristic|a||^^
			+ marks c|*: +2h|4|+0h|heuristic|a||^^
			~ meta deadline: +2h`)
		s.done(s.a.ClearQuota(s.ctx, "c", "m", "", s.head()))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|a
			- deadlines c|m
			+ feed 5-0: a "" mark c;m;
			- marks c|m`)
	})
}

// A mark counts until its deadline, and not a millisecond longer.
func TestQuotaEndsAtItsDeadline(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		set := func(source string) string {
			s.given(s.a.SetQuota(s.ctx, Quota{
				Client: "c", Model: "m", Window: time.Minute, Longest: hour, Source: source,
			}))
			return s.seen.feed[len(s.seen.feed)-1].Marks[0].Mark.Quota.Source
		}
		set(SourceOperator)
		if s.server.Miniredis() != nil { // where the clock stands still meanwhile
			s.server.Advance(s.t, time.Minute-time.Millisecond)
			if got := set(SourceHeuristic); got != SourceOperator {
				s.t.Errorf("a millisecond before the end: %s", got)
			}
			s.server.Advance(s.t, time.Millisecond)
		} else {
			s.server.Advance(s.t, time.Minute)
		}
		if got := set(SourceHeuristic); got != SourceHeuristic {
			s.t.Errorf("at the end: still %s", got)
		}
	})
}
