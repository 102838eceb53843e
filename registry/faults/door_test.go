package faults

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestShortLease refuses a lease that a pause of a busy process would outlast.
func TestShortLease(t *testing.T) {
	t.Parallel()
	_, err := registry.Open(t.Context(), "redis://127.0.0.1:1", registry.Options{LeaseTTL: 999 * time.Millisecond})
	var wrong *registry.InvalidError
	if !errors.As(err, &wrong) || wrong.Field != "Options.LeaseTTL" {
		t.Errorf("error %v, want one that names Options.LeaseTTL", err)
	}
}

// TestCloseFrozen closes a registry while Redis is frozen, with writes that wait. It does not wait for Redis, and
// leaves no goroutine behind.
func TestCloseFrozen(t *testing.T) { // not parallel: it looks for goroutines
	s := redistest.Redis(t)
	before := goleak.IgnoreCurrent()
	for _, known := range []bool{false, true} {
		r, err := registry.Open(t.Context(), s.URL(), registry.Options{
			Namespace: redistest.Namespace(t), OperationTimeout: operation, Logger: quiet("a"),
		})
		must(t, err)
		must(t, r.RegisterClient(t.Context(), "c", "p", infos(variants[0])))
		s.Freeze(t)
		if known { // that Redis is away
			eventually(t, "it is noticed", func() error {
				if h := r.Health(); h.Connected {
					return fmt.Errorf("%+v", h)
				}
				return nil
			})
			if err := r.SetModelQuotaExceeded(t.Context(), "c", "m-a"); !errors.Is(err, registry.ErrPending) {
				t.Errorf("a write to the frozen server: %v", err)
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- r.Close() }()
		limit := time.NewTimer(patience)
		select {
		case err := <-closed:
			if !errors.Is(err, registry.ErrUnavailable) {
				t.Errorf("Close does not say that redis could not be told: %v", err)
			}
		case <-limit.C:
			t.Error("Close does not end")
		}
		limit.Stop()
		s.Thaw(t)
	}
	goleak.VerifyNone(t, before)
}

// TestStartDegraded opens a registry without Redis. It takes writes, and brings them when Redis comes.
func TestStartDegraded(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	ns, ctx := redistest.Namespace(t), t.Context()
	s.Kill(t)
	options := registry.Options{Namespace: ns, ReplicaID: "a", Logger: quiet("a")}
	if _, err := registry.Open(ctx, s.URL(), options); !errors.Is(err, registry.ErrUnavailable) {
		t.Errorf("without StartDegraded: %v", err)
	}
	options.StartDegraded = true
	r, err := registry.Open(ctx, s.URL(), options)
	must(t, err)
	defer r.Close()
	if err := r.RegisterClient(ctx, "c", "p", infos(variants[0])); !errors.Is(err, registry.ErrPending) {
		t.Errorf("register: %v", err)
	}
	if err := r.SetModelQuotaExceeded(ctx, "c", "m-a"); !errors.Is(err, registry.ErrPending) {
		t.Errorf("mark: %v", err)
	}
	if h := r.Health(); h.Connected || !h.Stale || h.Pending != 2 || h.LastError == nil || h.Since.IsZero() {
		t.Errorf("degraded: %+v", h)
	}
	if r.GetModelCount("m-a") != 0 || r.GetModelCount("m-b") != 1 {
		t.Errorf("the own view counts %d and %d, want 0 and 1", r.GetModelCount("m-a"), r.GetModelCount("m-b"))
	}
	s.Restart(t)
	other, err := registry.Open(ctx, s.URL(), registry.Options{
		Namespace: ns, ReplicaID: "b", OperationTimeout: operation, Logger: quiet("b"),
	})
	must(t, err)
	defer other.Close()
	eventually(t, "the other replica has it all", func() error {
		if a, b := other.GetModelCount("m-a"), other.GetModelCount("m-b"); a != 0 || b != 1 {
			return fmt.Errorf("%d and %d", a, b)
		}
		if h := r.Health(); !h.Connected || h.Stale || h.Pending != 0 || h.Replicas != 2 {
			return fmt.Errorf("%+v", h)
		}
		return nil
	})
}

// TestHealth follows what Health says through an outage.
func TestHealth(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	r, err := registry.Open(t.Context(), s.URL(), registry.Options{Logger: quiet("a")})
	must(t, err)
	defer r.Close()
	first := r.Health()
	if !first.Connected || first.Stale || first.LastError != nil || first.Position != r.Position() || first.Replicas != 1 {
		t.Errorf("at first: %+v", first)
	}
	s.Freeze(t)
	frozen := time.Now()
	eventually(t, "it is noticed", func() error {
		least := time.Since(frozen) // first: the view only grows older
		h := r.Health()
		if h.Connected || !h.Stale || h.LastError == nil || !h.Since.After(first.Since) {
			return fmt.Errorf("%+v", h)
		}
		if h.Age < least-50*time.Millisecond {
			t.Errorf("%v after the server froze the view is said to be %v old", least, h.Age)
		}
		return nil
	})
	s.Thaw(t)
	eventually(t, "it is over", func() error {
		if h := r.Health(); !h.Connected || h.Stale || h.Age > 3*time.Second {
			return fmt.Errorf("%+v", h)
		}
		return nil
	})
}
