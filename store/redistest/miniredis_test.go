package redistest

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestMiniredisClockStandsStill(t *testing.T) {
	t.Parallel()
	s := Miniredis(t)
	c := s.Client(t)
	start := s.Now(t)
	if !start.Equal(start.Truncate(time.Millisecond)) {
		t.Errorf("the clock begins at %v", start)
	}
	ok(t, c.Set(t.Context(), "key", "value", 10*time.Second).Err())
	s.Advance(t, 4*time.Second)
	if now := s.Now(t); !now.Equal(start.Add(4 * time.Second)) {
		t.Errorf("after 4 s the clock is at %v, having begun at %v", now, start)
	}
	if left, err := c.PTTL(t.Context(), "key").Result(); left != 6*time.Second || err != nil {
		t.Errorf("after 4 s of 10 s the key has %v, %v", left, err)
	}
	id, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "stream", Values: []string{"a", "b"}}).Result()
	ok(t, err)
	s.Advance(t, time.Hour)
	if n, err := c.Exists(t.Context(), "key").Result(); n != 0 || err != nil {
		t.Errorf("after an hour: %d, %v", n, err)
	}
	later, err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "stream", Values: []string{"a", "b"}}).Result()
	if err != nil || later <= id {
		t.Errorf("entry %s follows %s, %v", later, id, err)
	}
}

func TestMiniredisLiveInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := MiniredisLive(t)
		c := s.Client(t)
		begin := s.Now(t)
		ok(t, c.Set(t.Context(), "key", "value", time.Hour).Err())
		time.Sleep(59 * time.Minute)
		ok(t, c.Get(t.Context(), "key").Err())
		time.Sleep(2 * time.Minute)
		if err := c.Get(t.Context(), "key").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("after its hour the key says %v", err)
		}
		if now := s.Now(t); !now.Equal(begin.Add(61 * time.Minute)) {
			t.Errorf("after 61 min the clock went from %v to %v", begin, now)
		}
		if err := read(t.Context(), c, 10*time.Second); !errors.Is(err, redis.Nil) {
			t.Errorf("XREAD BLOCK ended with %v", err)
		}
		if now := s.Now(t); !now.Equal(begin.Add(61*time.Minute + 10*time.Second)) {
			t.Errorf("XREAD BLOCK ended at %v", now)
		}
	})
}
