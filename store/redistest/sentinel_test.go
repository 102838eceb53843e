package redistest

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestSentinelFailsOver(t *testing.T) {
	t.Parallel()
	s := Sentinel(t)
	want := fmt.Sprintf("redis+sentinel://%s?master_name=mymaster&addr=%s&addr=%s", s.Addr(), s.Addrs()[1], s.Addrs()[2])
	if s.Kind() != "sentinel" || s.URL() != want {
		t.Errorf("a %s at %q, not %q", s.Kind(), s.URL(), want)
	}
	c := s.Client(t)
	ok(t, c.Set(t.Context(), "key", "value", 0).Err())
	s.Now(t)
	old := s.Primary(t)
	if killed := s.KillPrimary(t); killed != old {
		t.Errorf("killed %s, not the primary %s", killed, old)
	}
	waitFor(t, "a new primary", func(context.Context) error {
		if s.Primary(t) == old {
			return errors.New("it is still the old one")
		}
		return nil
	})
	waitFor(t, "a write", func(ctx context.Context) error { return c.Set(ctx, "key", "later", 0).Err() })
	s.Restart(t)
}
