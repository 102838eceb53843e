package registry_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// cutOff runs a test in which replica a, cut off, writes what then reaches replica b. Client c of b supplies m and n.
func cutOff(t *testing.T, away func(t *testing.T, a, b *registry.ModelRegistry), then func(t *testing.T, a, b *registry.ModelRegistry)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		must(t, b.RegisterClient(ctx, "c", "p", named("m", "n")))
		must(t, a.Sync(ctx))
		network.on.Store(true)
		away(t, a, b)
		network.on.Store(false)
		eventually(t, "nothing waits", func() bool { return a.Health().Pending == 0 && !a.Health().Stale })
		must(t, a.Sync(ctx))
		must(t, b.Sync(ctx))
		then(t, a, b)
		if h := a.Health(); h.Refused != 0 {
			t.Errorf("%d writes were refused", h.Refused)
		}
	})
}

// waits fails the test where a write does not wait for Redis.
func waits(t *testing.T, errs ...error) {
	t.Helper()
	for i, err := range errs {
		if !errors.Is(err, registry.ErrPending) {
			t.Errorf("write %d: error %v, want ErrPending", i, err)
		}
	}
}

// TestWaitingMarksMerge: of two marks that wait about one pair the one stays that would in Redis, and keeps its actor.
func TestWaitingMarksMerge(t *testing.T) {
	var reset time.Time
	cutOff(t, func(t *testing.T, a, b *registry.ModelRegistry) {
		ctx := registry.WithActor(t.Context(), "alice")
		reset = time.Now().Add(time.Hour).Truncate(time.Second)
		waits(t,
			a.SetModelQuotaExceeded(t.Context(), "c", "m"),
			a.SetModelQuotaExceededUntil(t.Context(), "c", "m", registry.QuotaLimit{Until: reset, Reason: "5h"}),
			a.SetModelQuotaExceededUntil(t.Context(), "c", "m", registry.QuotaLimit{RetryAfter: 2 * time.Hour}),
			a.SuspendClientModelUntil(ctx, "c", "*", "first", reset),
			a.SuspendClientModelUntil(ctx, "c", "*", "shorter", reset.Add(-time.Minute)),
			a.SuspendClientModel(t.Context(), "c", "*", "a program's"),
		)
		if h := a.Health(); h.Pending != 2 {
			t.Errorf("%d writes wait", h.Pending)
		}
	}, func(t *testing.T, a, b *registry.ModelRegistry) {
		for _, r := range []*registry.ModelRegistry{a, b} {
			client, _ := r.Client("c")
			for _, mark := range client.Marks {
				switch {
				case mark.ModelID == "m" && mark.Quota.Reason == "5h" && mark.Quota.Until.Equal(reset):
				case mark.ModelID == "*" && mark.Suspension.Reason == "first" && mark.Suspension.SetBy == "alice" &&
					mark.Suspension.Until.Equal(reset):
				default:
					t.Errorf("%+v %+v", mark.Quota, mark.Suspension)
				}
			}
			if len(client.Marks) != 2 {
				t.Errorf("%d marks", len(client.Marks))
			}
		}
	})
}

// TestWaitingRetryAfterCountsFromTheCall, not from when Redis is back; one that is over by then is nothing.
func TestWaitingRetryAfterCountsFromTheCall(t *testing.T) {
	var called time.Time
	cutOff(t, func(t *testing.T, a, b *registry.ModelRegistry) {
		called = time.Now()
		waits(t,
			a.SetModelQuotaExceededUntil(t.Context(), "c", "m", registry.QuotaLimit{RetryAfter: time.Hour}),
			a.SetModelQuotaExceededUntil(t.Context(), "c", "n", registry.QuotaLimit{RetryAfter: time.Second}))
		<-time.After(3 * time.Minute) // of the bubble
	}, func(t *testing.T, a, b *registry.ModelRegistry) {
		got := b.ClientModelStatus("c", "m")
		if off := got.Until.Sub(called.Add(time.Hour)).Abs(); off > time.Minute || b.GetModelCount("n") != 1 {
			t.Errorf("%+v, %v off; count of n %d", got, off, b.GetModelCount("n"))
		}
	})
}

// TestWaitingRegistrationThatIsThere: a registration that only joins drops no marks in the view of its replica either, also
// when the feed brings what it did before its answer came. A clear would find nothing to end there.
func TestWaitingRegistrationThatIsThere(t *testing.T) {
	cutOff(t, func(t *testing.T, a, b *registry.ModelRegistry) {
		waits(t, a.SetModelQuotaExceeded(t.Context(), "c", "m"), a.RegisterClient(t.Context(), "c", "p", named("m", "n")))
		registry.Apply(a, store.Entry{Kind: store.KindJoined, Client: "c", Holder: "a"})
		registry.ShowWaiting(a)
		if got := a.ClientModelStatus("c", "m"); got.State != registry.StateCooling {
			t.Errorf("the view shows %+v", got)
		}
		waits(t, a.ClearModelQuotaExceeded(t.Context(), "c", "m"))
	}, func(t *testing.T, a, b *registry.ModelRegistry) {
		if got := b.ClientModelStatus("c", "m"); got.State != registry.StateAvailable {
			t.Errorf("the clear was lost: %+v", got)
		}
	})
}

// TestWaitingLifts: an operator's clear that waits is not lost to a mark that comes behind it, lifts an operator's mark,
// and nothing that another replica set meanwhile.
func TestWaitingLifts(t *testing.T) {
	cutOff(t, func(t *testing.T, a, b *registry.ModelRegistry) {
		ctx := registry.WithActor(t.Context(), "alice")
		waits(t,
			a.SetModelQuotaExceededUntil(ctx, "c", "m", registry.QuotaLimit{RetryAfter: 5 * time.Hour}),
			a.ClearModelQuotaExceeded(ctx, "c", "m"),
			a.SetModelQuotaExceeded(t.Context(), "c", "m"),
			a.ClearModelQuotaExceeded(ctx, "c", "n"))
		if got := a.ClientModelStatus("c", "m"); got.Source != registry.SourceHeuristic {
			t.Errorf("shown: %+v", got)
		}
		must(t, b.SetModelQuotaExceededUntil(t.Context(), "c", "n", registry.QuotaLimit{RetryAfter: time.Hour, Seen: b.Position()}))
		// A mark that waits is newer than every position.
		if err := a.ClearModelQuotaExceededAsOf(t.Context(), "c", "m", a.Position()); err != nil {
			t.Error(err)
		}
	}, func(t *testing.T, a, b *registry.ModelRegistry) {
		if got := b.ClientModelStatus("c", "m"); got.Source != registry.SourceHeuristic || got.SetBy != "a" {
			t.Errorf("m: %+v", got)
		}
		if got := b.ClientModelStatus("c", "n"); got.Source != registry.SourceRetryAfter {
			t.Errorf("n: %+v", got)
		}
	})
}

// TestWaitingRelease: the marks that wait before it reach the client before it goes, and wait for its return.
func TestWaitingRelease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network, ctx := redistest.MiniredisLive(t), &mute{}, t.Context()
		b := openReplica(t, s, "default", "b", registry.Options{})
		a, err := registry.New(ctx, network.client(t, s), registry.Options{ReplicaID: "a", Logger: silence()})
		must(t, err)
		defer a.Close()
		must(t, a.RegisterClient(ctx, "c", "p", named("m")))
		must(t, a.SuspendClientModel(ctx, "c", "m", "before"))
		network.on.Store(true)
		waits(t, a.SetModelQuotaExceededUntil(ctx, "c", "m", registry.QuotaLimit{RetryAfter: time.Hour}), a.ReleaseClient(ctx, "c"))
		if a.ClientSupportsModel("c", "m") {
			t.Error("it is still shown")
		}
		network.on.Store(false)
		eventually(t, "nothing waits", func() bool { return a.Health().Pending == 0 && !a.Health().Stale })
		must(t, b.RegisterClient(ctx, "c", "p", named("m")))
		client, _ := b.Client("c")
		if len(client.Marks) != 1 || client.Marks[0].Quota == nil || client.Marks[0].Suspension == nil || a.Health().Refused != 0 {
			t.Errorf("%+v, %d refused", client, a.Health().Refused)
		}
	})
}
