package registry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestWatchTellsEndings by the clock of a bubble: at most 50 ms after the deadline, also where it comes sooner than
// anything the view had been waiting for, where nothing is listed that ends with it, and of each part of a mark.
func TestWatchTellsEndings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		r := openReplica(t, s, "default", "a", registry.Options{QuotaWindow: 250 * time.Millisecond})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		early := r.Watch(ctx) // sees all marks come; the other one finds them there
		expectTold(t, early, `client c p ["m"]`, "synced")
		suspended := func(model string, after time.Duration, mark store.Mark) {
			until := time.Now().Add(after).UnixMilli()
			mark.Suspension = &store.MarkPart{Until: until, Setter: "b"}
			registry.Apply(r, store.Entry{
				Kind: store.KindMark, Client: "c", Marks: []store.PairMark{{Client: "c", Model: model, Mark: &mark}},
			})
		}
		for range 3 {
			synctest.Wait() // everything sleeps
			must(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
			suspended("*", 400*time.Millisecond, store.Mark{})
			suspended("nobody's", 320*time.Millisecond, store.Mark{
				Quota: &store.MarkPart{Until: time.Now().Add(360 * time.Millisecond).UnixMilli(), Source: "heuristic", Setter: "b"},
			})
			began := time.Now()
			late := r.Watch(ctx)
			expectTold(t, early, "mark c m quota heuristic by a", "mark c * suspended  by b",
				"mark c nobody's quota heuristic by b suspended  by b")
			expectTold(t, late, `client c p ["m"]`, "mark c * suspended  by b", "mark c m quota heuristic by a",
				"mark c nobody's quota heuristic by b suspended  by b", "synced")
			for _, ending := range []struct {
				at   time.Duration
				want string
			}{
				{250 * time.Millisecond, "mark c m"}, {320 * time.Millisecond, "mark c nobody's quota heuristic by b"},
				{360 * time.Millisecond, "mark c nobody's"}, {400 * time.Millisecond, "mark c *"},
			} {
				expectTold(t, early, ending.want)
				expectTold(t, late, ending.want)
				if is := time.Since(began); is < ending.at-time.Millisecond || is > ending.at+50*time.Millisecond {
					t.Errorf("%s: told after %v, want %v", ending.want, is, ending.at)
				}
			}
			late.Close()
		}
		early.Close()
		if registry.Watched(r) {
			t.Error("the view takes notes that nobody wants")
		}
	})
}

// TestWatchFindsEndings of marks that were there before anybody watched.
func TestWatchFindsEndings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx := redistest.MiniredisLive(t), t.Context()
		r := openReplica(t, s, "default", "a", registry.Options{QuotaWindow: 250 * time.Millisecond})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		for range 2 { // the second time somebody has watched before
			began := time.Now()
			must(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
			for model, after := range map[string]time.Duration{"nobody's": 150 * time.Millisecond, "*": 350 * time.Millisecond} {
				mark := &store.Mark{Suspension: &store.MarkPart{Until: began.Add(after).UnixMilli(), Setter: "b"}}
				registry.Apply(r, store.Entry{
					Kind: store.KindMark, Client: "c", Marks: []store.PairMark{{Client: "c", Model: model, Mark: mark}},
				})
			}
			synctest.Wait() // the clock's goroutine sleeps until the model that is listed changes, the second to end
			w := r.Watch(ctx)
			expectTold(t, w, `client c p ["m"]`, "mark c * suspended  by b", "mark c m quota heuristic by a",
				"mark c nobody's suspended  by b", "synced")
			for _, ending := range []struct {
				at   time.Duration
				want string
			}{{150 * time.Millisecond, "mark c nobody's"}, {250 * time.Millisecond, "mark c m"}, {350 * time.Millisecond, "mark c *"}} {
				expectTold(t, w, ending.want)
				if is := time.Since(began); is < ending.at-time.Millisecond || is > ending.at+50*time.Millisecond {
					t.Errorf("%s: told after %v, want %v", ending.want, is, ending.at)
				}
			}
			w.Close()
		}
	})
}

// TestWatchWhenTheClockIsSet: marks end when the clock goes ahead, and run again when it goes back.
func TestWatchWhenTheClockIsSet(t *testing.T) {
	t.Parallel()
	onBothMoving(t, func(t *testing.T, s *redistest.Server) {
		ctx := t.Context()
		r := openReplica(t, s, redistest.Namespace(t), "a", registry.Options{})
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		must(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
		w := r.Watch(ctx)
		defer w.Close()
		expectTold(t, w, `client c p ["m"]`, "mark c m quota heuristic by a", "synced")
		moveClock(t, s, 10*time.Minute)
		expectTold(t, w, "mark c m")
		moveClock(t, s, -10*time.Minute)
		expectTold(t, w, "mark c m quota heuristic by a")
	})
}
