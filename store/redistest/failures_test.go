package redistest

import (
	"context"
	"testing"
	"time"
)

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	s := Redis(t, Options{MovableClock: true})
	c := s.Client(t)
	ok(t, c.Set(t.Context(), "key", "value", 0).Err())
	s.Advance(t, 24*time.Hour)
	moved := s.Now(t)
	pid := s.PID()
	s.Kill(t)
	s.Kill(t)
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a dead server answers")
	}
	s.Restart(t)
	if s.PID() == pid {
		t.Error("Restart kept the PID")
	}
	waitFor(t, "the client", func(ctx context.Context) error { return c.Ping(ctx).Err() })
	if n, err := c.Exists(t.Context(), "key").Result(); n != 0 || err != nil {
		t.Errorf("after the restart: %d, %v", n, err)
	}
	if now := s.Now(t); now.Before(moved) {
		t.Errorf("the clock went from %v to %v", moved, now)
	}
}

func TestFrozenServerRunsWhatItMissed(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	conn := dial(t, s.Addr())
	s.Freeze(t)
	send(t, conn, "INCR", "counter")
	ok(t, conn.Close())
	s.Thaw(t)
	c := s.Client(t)
	waitFor(t, "the increment", func(ctx context.Context) error { return c.Get(ctx, "counter").Err() })
}
