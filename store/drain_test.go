package store

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// What is under way ends before Drain does, what comes later is refused, and Release still goes out.
func TestDrainWaitsForCallsUnderWay(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s := newSpace(t, server)
	server.Freeze(t)
	registered, drained := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := s.a.Register(s.ctx, registration("c", "p", "m"))
		registered <- err
	}()
	for under := 0; under == 0; runtime.Gosched() {
		s.must(s.ctx.Err())
		s.a.underway.mu.Lock()
		under = s.a.underway.calls
		s.a.underway.mu.Unlock()
	}
	go func() { drained <- s.a.Drain(s.ctx) }()
	for err := error(nil); !errors.Is(err, ErrClosed); { // at first Drain may not have begun
		ctx, cancel := context.WithTimeout(s.ctx, time.Millisecond)
		_, err = s.a.Register(ctx, registration("d", "p", "m"))
		cancel()
	}
	select {
	case err := <-drained:
		t.Errorf("drained before the call under way ended: %v", err)
	default:
	}
	over, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := s.a.Drain(over); !errors.Is(err, context.Canceled) {
		t.Errorf("a second Drain, without time: %v", err)
	}
	server.Thaw(t)
	s.must(<-registered)
	s.must(<-drained)
	s.look()
	if s.seen.hashes["clients"]["c"] == "" {
		t.Error("the call under way was lost")
	}
	s.must(s.a.Release(s.ctx))
	s.look()
	if len(s.seen.hashes["clients"]) > 0 || s.seen.sorted["leases"]["a"] != 0 {
		t.Errorf("left: %v %v", s.seen.hashes["clients"], s.seen.sorted["leases"])
	}
	_, err := s.a.Join(s.ctx, hour, "{}", time.Time{})
	s.refused(err, ErrClosed)
}

// What is asked of a closed store says so in this package's words.
func TestClosedStore(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s, err := Open(server.URL(), Options{Namespace: redistest.Namespace(t), Replica: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for ask, f := range asks {
		if err := f(t.Context(), s); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", ask, err)
		}
	}
}
