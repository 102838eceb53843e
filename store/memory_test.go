package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestOutOfMemory takes the server's memory away: a verb is carried out whole, if it makes room, or not at all.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	makesRoom := map[string]bool{"begin": true, "head": true, "sweep": true}
	for _, verb := range everyVerb(t) {
		t.Run(verb, func(t *testing.T) {
			s := busy(t, server)
			c, before := s.callOf(verb), s.seen
			s.must(s.admin.ConfigSet(s.ctx, "maxmemory", "1").Err())
			_, err := s.attempt(c, s.until(time.Minute))
			if after := s.read(); makesRoom[verb] {
				s.must(err)
			} else if err == nil || !strings.Contains(err.Error(), "OOM") {
				t.Errorf("failed with %v; want Redis' words OOM", err)
			} else if !after.same(before) {
				t.Error("something was changed")
			}
			s.must(s.admin.ConfigSet(s.ctx, "maxmemory", "0").Err())
			if makesRoom[verb] {
				return
			}
			_, err = s.attempt(c, s.until(time.Minute))
			s.must(err)
			if s.look(); s.seen.same(before) {
				t.Error("nothing was changed")
			}
		})
	}
}

// A write waits for room until its time is over, and then says why it failed.
func TestOutOfMemoryWaits(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s := newSpace(t, server)
	s.must(s.admin.ConfigSet(s.ctx, "maxmemory", "1").Err())
	var err error
	for range 100 { // the last try may be the one that the end of the time cut short
		ctx, cancel := context.WithTimeout(s.ctx, 200*time.Millisecond)
		_, err = s.a.Register(ctx, registration("c", "p", "m"))
		cancel()
		if s.refused(err, ErrUnavailable); strings.Contains(err.Error(), "OOM") {
			break
		}
	}
	if !strings.Contains(err.Error(), "OOM") {
		t.Errorf("%v does not say why", err)
	}
	if errors.Is(err, ErrUnsafeServer) || errors.Is(err, ErrBroken) {
		t.Errorf("%v says too much", err)
	}
	through, tries := s.replica("a"), 0
	through.instance = s.a.instance
	through.client.(*redis.Client).AddHook(before{[]string{"evalsha"}, func(redis.Cmder) {
		if tries++; tries == 3 {
			s.must(s.admin.ConfigSet(s.ctx, "maxmemory", "0").Err())
		}
	}})
	s.given(through.Register(s.ctx, registration("c", "p", "m")))
	if tries != 3 {
		t.Errorf("%d tries, want 3", tries)
	}
}
