package registry_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// openStore opens the store of a namespace, for what the registry has no method for yet.
func openStore(t *testing.T, s *redistest.Server, ns string) *store.Store {
	t.Helper()
	st, err := store.New(s.Client(t), store.Options{Namespace: ns, Replica: "by hand"})
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	return st
}

// TestPromise12AMarkLastsUntilItsDeadline states deadlines of different sources, one after the other.
func TestPromise12AMarkLastsUntilItsDeadline(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{})
		st := openStore(t, s, ns)
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		for _, step := range []struct {
			after  time.Duration
			source string // "": nobody says anything
			until  time.Duration
			count  int // then
		}{
			{0, store.SourceRetryAfter, 10 * time.Minute, 0},
			{0, store.SourceHeuristic, time.Minute, 0}, // weaker: changes nothing
			{9 * time.Minute, "", 0, 0},
			{time.Minute, "", 0, 1},                      // nothing keeps it alive
			{0, store.SourceHeuristic, 5 * time.Hour, 0}, // a guess
			{0, store.SourceProviderReset, time.Hour, 0}, // stronger: replaces it, even by less
			{0, store.SourceProviderReset, time.Minute, 0},
			{59 * time.Minute, "", 0, 0}, // equal: does not shorten it
			{time.Minute, "", 0, 1},
			{0, store.SourceOperator, 1000 * 24 * time.Hour, 0}, // absurd: capped to 8 days
			{8*24*time.Hour - time.Second, "", 0, 0},
			{time.Second, "", 0, 1},
		} {
			if step.after > 0 {
				s.Advance(t, step.after)
			}
			if step.source != "" {
				until := s.Now(t).Add(step.until).UnixMilli()
				_, err := st.SetQuota(ctx, store.Quota{
					Client: "c", Model: "m", Until: until, Longest: 8 * 24 * time.Hour, Source: step.source,
				})
				must(t, err)
			}
			must(t, r.Sync(ctx))
			if got := r.GetModelCount("m"); got != step.count {
				t.Fatalf("%+v: count %d", step, got)
			}
		}
	})
}

// TestPromise13ALateSuccessErasesNothingNewer clears and resumes as of a position before the mark, and as a program
// where a person set it.
func TestPromise13ALateSuccessErasesNothingNewer(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		r := openReplica(t, s, ns, "a", registry.Options{})
		st := openStore(t, s, ns)
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		set := func(actor string) {
			t.Helper()
			_, err := st.SetQuota(ctx, store.Quota{
				Client: "c", Model: "m", Window: time.Hour, Longest: time.Hour, Source: store.SourceHeuristic, Actor: actor,
			})
			must(t, err)
			_, err = st.Suspend(ctx, store.Suspension{Client: "c", Model: "m", Reason: "manual", Actor: actor})
			must(t, err)
			must(t, r.Sync(ctx))
		}
		lift := func(seen registry.Position) {
			t.Helper()
			_, err := st.ClearQuota(ctx, "c", "m", "", seen)
			must(t, err)
			_, err = st.Resume(ctx, "c", "m", "", seen)
			must(t, err)
			must(t, r.Sync(ctx))
		}
		expect := func(when string, want int) {
			t.Helper()
			if got := r.GetModelCount("m"); got != want {
				t.Errorf("%s: count %d, want %d", when, got, want)
			}
		}

		began := r.Position()
		set("")
		lift(began)
		expect("a success that began before the marks", 0)
		other := r.Position()
		other.Epoch = "another"
		lift(other)
		expect("a success of another epoch", 0)
		lift(r.Position())
		expect("a success that began after them", 1)

		set("somebody")
		lift(r.Position())
		must(t, r.ClearModelQuotaExceeded(ctx, "c", "m"))
		must(t, r.ResumeClientModel(ctx, "c", "m"))
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		expect("marks that a person set", 0)
	})
}
