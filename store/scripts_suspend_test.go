package store

import "testing"

func TestSuspendNew(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.done(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "key revoked", Actor: "alice"}))
		s.changed(`
			~ clients c: p|[m]|+0h|2|1|a
			+ feed 3-0: a "alice" mark c;m;^0|3|+0h||a|alice|key revoked^
			+ marks c|m: ^0|3|+0h||a|alice|key revoked^`)
	})
}

func TestSuspendBesideQuota(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		s.done(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(2), Reason: "why"}))
		s.changed(`
			~ deadlines c|m: +2h
			~ deadlines (lifetime): +2h
			+ feed 4-0: a "" mark c;m;+1h|3|+0h|heuristic|a||^+2h|4|+0h||a||why^
			~ marks c|m: +1h|3|+0h|heuristic|a||^+2h|4|+0h||a||why^
			~ meta deadline: +2h`)
		s.done(s.a.Resume(s.ctx, "c", "m", "", s.head()))
		s.changed(`
			~ deadlines c|m: +1h
			~ deadlines (lifetime): +1h
			+ feed 5-0: a "" mark c;m;+1h|3|+0h|heuristic|a||^^
			~ marks c|m: +1h|3|+0h|heuristic|a||^^
			~ meta deadline: +1h`)
	})
}

// TestSuspendAgain suspends the same pair again and again: the first reason wins unless the new one ends later.
func TestSuspendAgain(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		for _, step := range []struct {
			reason string
			hours  int // 0: no deadline
			want   string
		}{
			{"first", 3, "+3h|3|+0h||a||first"},
			{"equal", 3, ""},
			{"shorter", 2, ""},
			{"longer", 4, "+4h|4|+0h||a||longer"},
			{"unlimited", 0, "0|5|+0h||a||unlimited"},
			{"unlimited too", 0, ""},
			{"limited", 9, ""},
		} {
			suspension := Suspension{Client: "c", Model: "m", Reason: step.reason}
			if step.hours > 0 {
				suspension.Until = s.in(step.hours)
			}
			reply, err := s.a.Suspend(s.ctx, suspension)
			if step.want == "" {
				s.same(reply, err)
				continue
			}
			s.given(reply, err)
			if got := s.seen.shown()["marks c|m"]; got != ": ^"+step.want+"^" {
				s.t.Errorf("after %q: %q, want %q", step.reason, got, step.want)
			}
		}
	})
}

func TestSuspendAfterTheEnd(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(4), Reason: "first"}))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 3)))
		s.server.Advance(s.t, 5*hour)
		s.look()
		s.done(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Until: s.in(6), Reason: "second"}))
		s.changed(`
			+ deadlines c|m: +6h
			+ deadlines (lifetime): +6h
			+ feed 5-0: a "" mark c;m;^+6h|5|+5h||a||second^
			~ marks c|m: ^+6h|5|+5h||a||second^
			~ meta deadline: +6h
			+ meta untidy: 1
			~ meta now: +5h`)
	})
}

// What a newer version of the program added to a mark is carried along, and goes with the mark.
func TestMarkKeepsUnknownGroups(t *testing.T) {
	onBoth(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
		key, field := newKeys(s.name).marks(), "c"+fieldSep+"m"
		text := s.admin.HGet(s.ctx, key, field).Val()
		s.must(s.admin.HSet(s.ctx, key, field, text+groupSep+"more"+fieldSep+"yet").Err())
		s.look()
		s.done(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m", Reason: "why"}))
		s.changed(`
			+ feed 4-0: a "" mark c;m;+1h|3|+0h|heuristic|a||^0|4|+0h||a||why^^more|yet
			~ marks c|m: +1h|3|+0h|heuristic|a||^0|4|+0h||a||why^^more|yet`)
		s.given(s.a.ClearQuota(s.ctx, "c", "m", "", s.head()))
		s.done(s.a.Resume(s.ctx, "c", "m", "", s.head()))
		s.changed(`
			~ clients c: p|[m]|+0h|2|0|a
			+ feed 6-0: a "" mark c;m;
			- marks c|m`)
	})
}
