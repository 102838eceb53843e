package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise12AMarkLastsUntilItsDeadline states deadlines of different sources, one after the other.
func TestPromise12AMarkLastsUntilItsDeadline(t *testing.T) {
	t.Parallel()
	onBothMoving(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		for _, step := range []struct {
			after  time.Duration
			source registry.QuotaSource // "": nobody says anything
			until  time.Duration
			count  int // then
		}{
			{0, registry.SourceRetryAfter, 10 * time.Minute, 0},
			{0, registry.SourceHeuristic, time.Minute, 0}, // weaker: changes nothing
			{9 * time.Minute, "", 0, 0},
			{time.Minute, "", 0, 1},                                // nothing keeps it alive
			{0, registry.SourceHeuristic, 5 * time.Hour, 0},        // a guess
			{0, registry.SourceProviderReset, time.Hour, 0},        // stronger: replaces it, even by less
			{0, registry.SourceProviderReset, time.Minute, 0},      // equal: does not shorten it
			{59 * time.Minute, "", 0, 0},                           //
			{time.Minute, "", 0, 1},                                //
			{0, registry.SourceOperator, 1000 * 24 * hour, 0},      // absurd: capped to 8 days
			{8*24*time.Hour - time.Minute, "", 0, 0},               //
			{time.Minute, "", 0, 1},                                //
			{0, registry.SourceOperator, 200 * 365 * 24 * hour, 0}, // even that
			{8 * 24 * time.Hour, "", 0, 1},
		} {
			if step.after > 0 {
				moveClock(t, s, step.after)
				must(t, r.Sync(ctx))
			}
			if step.source != "" {
				must(t, r.SetModelQuotaExceededUntil(ctx, "c", "m", registry.QuotaLimit{
					Until: s.Now(t).Add(step.until), Source: step.source,
				}))
			}
			must(t, r.Sync(ctx))
			if got := r.GetModelCount("m"); got != step.count {
				t.Fatalf("%+v: count %d", step, got)
			}
		}
	})
}

const hour = time.Hour

// TestPromise12SourcesAreDerived: who named the deadline follows from what is stated, and from whether a person did.
func TestPromise12SourcesAreDerived(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{QuotaWindow: 20 * time.Minute})
		must(t, r.RegisterClient(ctx, "c", "p", named("0", "1", "2", "3", "4")))
		now := s.Now(t)
		for i, c := range []struct {
			limit  registry.QuotaLimit
			actor  string
			source registry.QuotaSource
			lasts  time.Duration
		}{
			{registry.QuotaLimit{}, "", registry.SourceHeuristic, 20 * time.Minute},
			{registry.QuotaLimit{RetryAfter: time.Hour}, "", registry.SourceRetryAfter, time.Hour},
			{registry.QuotaLimit{Until: now.Add(2 * hour)}, "", registry.SourceProviderReset, 2 * hour},
			{registry.QuotaLimit{Until: now.Add(2 * hour)}, "alice", registry.SourceOperator, 2 * hour},
			{registry.QuotaLimit{Source: registry.SourceHeuristic}, "alice", registry.SourceHeuristic, 20 * time.Minute},
		} {
			model := string(rune('0' + i))
			c.limit.Reason = "of " + model
			must(t, r.SetModelQuotaExceededUntil(registry.WithActor(ctx, c.actor), "c", model, c.limit))
			got := r.ClientModelStatus("c", model)
			by := c.actor
			if by == "" {
				by = "a"
			}
			off := got.Until.Sub(now.Add(c.lasts)).Abs()
			if got.Source != c.source || got.SetBy != by || got.Reason != c.limit.Reason || off > 2*time.Minute {
				t.Errorf("%+v by %q: %+v", c.limit, c.actor, got)
			}
		}
	})
}

// TestPromise13ALateSuccessErasesNothingNewer is the race of a success against a fresh 429: two requests begin, one is
// refused, and then the other one succeeds.
func TestPromise13ALateSuccessErasesNothingNewer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		for _, model := range []string{"m", "*"} {
			began := a.Position()
			must(t, b.Sync(ctx))
			must(t, b.SetModelQuotaExceededUntil(ctx, "c", model, registry.QuotaLimit{RetryAfter: hour, Seen: began}))
			must(t, b.SuspendClientModel(ctx, "c", model, "manual"))
			must(t, a.Sync(ctx))
			both := func(seen registry.Position) {
				t.Helper()
				must(t, a.ClearModelQuotaExceededAsOf(ctx, "c", model, seen))
				must(t, a.ResumeClientModelAsOf(ctx, "c", model, seen))
				must(t, b.Sync(ctx))
			}
			expect := func(when string, state registry.State) {
				t.Helper()
				for _, r := range []*registry.ModelRegistry{a, b} {
					if got := r.ClientModelStatus("c", model).State; got != state {
						t.Errorf("%s: %s is %s, want %s", when, model, got, state)
					}
				}
			}
			other := a.Position()
			other.Epoch = "another"
			before := a.Position()
			both(began)
			both(other)
			both(registry.Position{})
			expect("a success that began before the marks, or elsewhere", registry.StateSuspended)
			if a.Position() != before {
				t.Error("what lifts nothing made a revision")
			}
			both(a.Position())
			expect("a success that began after them", registry.StateAvailable)
		}
	})
}

// TestPromise13AnotherReplicasPosition: a success that began on another replica, ahead of this one's view, is believed.
func TestPromise13AnotherReplicasPosition(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		must(t, a.SetModelQuotaExceeded(ctx, "c", "m"))
		must(t, b.ClearModelQuotaExceededAsOf(ctx, "c", "m", a.Position()))
		if got := b.GetModelCount("m"); got != 1 {
			t.Errorf("count %d", got)
		}
	})
}

// TestPromise13NoProgramLiftsAnOperatorsMark: neither a success, nor a registration, nor a program's own mark.
func TestPromise13NoProgramLiftsAnOperatorsMark(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{})
		alice := registry.WithActor(ctx, "alice")
		must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
		must(t, r.SetModelQuotaExceeded(alice, "c", "m"))
		must(t, r.SuspendClientModelUntil(alice, "c", "n", "by hand", s.Now(t).Add(hour)))
		expect := func(when string) {
			t.Helper()
			must(t, r.Sync(ctx))
			for model, state := range map[string]registry.State{"m": registry.StateCooling, "n": registry.StateSuspended} {
				if got := r.ClientModelStatus("c", model); got.State != state || got.SetBy != "alice" {
					t.Errorf("%s: %s is %+v", when, model, got)
				}
			}
		}
		for _, model := range []string{"m", "n"} {
			must(t, r.ClearModelQuotaExceeded(ctx, "c", model))
			must(t, r.ResumeClientModel(ctx, "c", model))
			must(t, r.ClearModelQuotaExceededAsOf(ctx, "c", model, r.Position()))
			must(t, r.ResumeClientModelAsOf(ctx, "c", model, r.Position()))
		}
		expect("after successes")
		must(t, r.RegisterClient(ctx, "c", "p", named("m", "n")))
		must(t, r.RegisterClient(ctx, "c", "q", named("m", "n", "x")))
		expect("registered again")
		must(t, r.SetModelQuotaExceededUntil(ctx, "c", "m", registry.QuotaLimit{Until: s.Now(t).Add(2 * hour)}))
		must(t, r.SuspendClientModel(ctx, "c", "n", "a program's"))
		must(t, r.ClearModelQuotaExceeded(ctx, "c", "m"))
		must(t, r.ResumeClientModel(ctx, "c", "n"))
		expect("after a program's marks")

		bob := registry.WithActor(ctx, "bob")
		must(t, r.ClearModelQuotaExceeded(bob, "c", "m"))
		must(t, r.ResumeClientModel(bob, "c", "n"))
		if r.GetModelCount("m") != 1 || r.GetModelCount("n") != 1 {
			t.Errorf("another person does not lift them: %d and %d", r.GetModelCount("m"), r.GetModelCount("n"))
		}
	})
}

// TestPromise13AnOperatorsClearFencesLateMarks is the race of a person's clear against a late 429: of a request that
// began before it, nothing is believed; of one that began after, all.
func TestPromise13AnOperatorsClearFencesLateMarks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		a := openReplica(t, s, ns, "a", registry.Options{})
		b := openReplica(t, s, ns, "b", registry.Options{})
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		began := a.Position()
		must(t, b.Sync(ctx))
		generation := b.GetGeneration()
		must(t, b.ClearModelQuotaExceeded(registry.WithActor(ctx, "alice"), "c", "m")) // where no mark is shown
		if b.Position() == began || b.GetGeneration() != generation {
			t.Errorf("from %s to %s, generation from %d to %d", began, b.Position(), generation, b.GetGeneration())
		}
		late := registry.QuotaLimit{RetryAfter: hour, Seen: began}
		must(t, a.SetModelQuotaExceededUntil(ctx, "c", "m", late))
		if got := a.ClientModelStatus("c", "m"); got.State != registry.StateAvailable {
			t.Errorf("a request from before: %+v", got)
		}
		late.Seen = a.Position()
		must(t, a.SetModelQuotaExceededUntil(ctx, "c", "m", late))
		if got := a.ClientModelStatus("c", "m"); got.State != registry.StateCooling {
			t.Errorf("a request from after: %+v", got)
		}
	})
}

// TestPromise17MarksAreRefusedByField: bad limits, deadlines and actors.
func TestPromise17MarksAreRefusedByField(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		before, past := r.Position(), s.Now(t).Add(-time.Second)
		limit := func(l registry.QuotaLimit) error { return r.SetModelQuotaExceededUntil(ctx, "c", "m", l) }
		bad := func(actor string) []error {
			by := registry.WithActor(ctx, actor)
			return []error{
				r.RegisterClient(by, "c", "p", named("m")), r.UnregisterClient(by, "c"), r.ReleaseClient(by, "c"),
				r.EvictClient(by, "c"), r.SetModelQuotaExceeded(by, "c", "m"), r.ClearModelQuotaExceeded(by, "c", "m"),
				r.ClearModelQuotaExceededAsOf(by, "c", "m", before), r.SuspendClientModel(by, "c", "m", ""),
				r.SuspendClientModelUntil(by, "c", "m", "", time.Time{}), r.ResumeClientModel(by, "c", "m"),
				r.ResumeClientModelAsOf(by, "c", "m", before),
			}
		}
		for field, errs := range map[string][]error{
			"until": {
				limit(registry.QuotaLimit{Until: past}), r.SuspendClientModelUntil(ctx, "c", "*", "", past),
				limit(registry.QuotaLimit{Until: time.Unix(-1, 0)}), limit(registry.QuotaLimit{Until: past.Add(hour), RetryAfter: 1}),
			},
			"source":     {limit(registry.QuotaLimit{Source: "guess"})},
			"retryAfter": {limit(registry.QuotaLimit{RetryAfter: -1})},
			"reason":     {limit(registry.QuotaLimit{Reason: strings.Repeat("x", 1025)})},
			"clientID":   {r.EvictClient(ctx, ""), r.ReleaseClient(ctx, "")},
			"actor":      append(bad(strings.Repeat("x", 129)), append(bad("\xff"), bad("a\nb")...)...),
		} {
			for i, err := range errs {
				var refused *registry.InvalidError
				if !errors.As(err, &refused) || refused.Field != field {
					t.Errorf("%s %d: %v", field, i, err)
				}
			}
		}
		if after := r.Position(); after != before {
			t.Errorf("from %s to %s", before, after)
		}
	})
}
