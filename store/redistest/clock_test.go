package redistest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestAdvanceMovesTIME(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		c := s.Client(t)
		steps := []time.Duration{5 * time.Minute, time.Millisecond, 8 * 24 * time.Hour, -time.Hour, -1500 * time.Millisecond}
		for _, d := range steps {
			before := s.Now(t)
			s.Advance(t, d)
			after := s.Now(t)
			if early := before.Add(d); after.Before(early.Add(-time.Millisecond)) || after.After(early.Add(time.Minute)) {
				t.Errorf("after Advance(%v) TIME went from %v to %v", d, before, after)
			}
			inScript, err := c.Eval(t.Context(), `return redis.call('TIME')[1]`, nil).Int64()
			ok(t, err)
			if inScript < after.Unix() || inScript > after.Unix()+60 {
				t.Errorf("after Advance(%v) TIME is %d, in a script %d", d, after.Unix(), inScript)
			}
		}
	})
}

func TestAdvanceExpiresKeys(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		c := s.Client(t)
		ok(t, c.Set(t.Context(), "short", "value", 1000*time.Second).Err())
		ok(t, c.Set(t.Context(), "long", "value", 0).Err())
		ok(t, c.PExpireAt(t.Context(), "long", s.Now(t).Add(time.Hour)).Err())
		s.Advance(t, 500*time.Second)
		wantLife(t, c, "short", 300*time.Second, 500*time.Second)
		s.Advance(t, 501*time.Second)
		if n, err := c.Exists(t.Context(), "short").Result(); n != 0 || err != nil {
			t.Errorf("the short-lived key: %d, %v", n, err)
		}
		inScript, err := c.Eval(t.Context(), `return redis.call('EXISTS', KEYS[1])`, []string{"short"}).Int()
		if inScript != 0 || err != nil {
			t.Errorf("the short-lived key in a script: %d, %v", inScript, err)
		}
		wantLife(t, c, "long", 35*time.Minute, time.Hour-1001*time.Second)
		s.Advance(t, time.Hour)
		if n, err := c.Exists(t.Context(), "long").Result(); n != 0 || err != nil {
			t.Errorf("the long-lived key: %d, %v", n, err)
		}
	})
}

func TestAdvanceBackLengthensTTLs(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		c := s.Client(t)
		ok(t, c.Set(t.Context(), "key", "value", 1000*time.Second).Err())
		s.Advance(t, 500*time.Second) // nobody looks at the key in between
		s.Advance(t, -100*time.Second)
		wantLife(t, c, "key", 520*time.Second, 600*time.Second)
		s.Advance(t, 601*time.Second)
		if n, err := c.Exists(t.Context(), "key").Result(); n != 0 || err != nil {
			t.Errorf("the key at its end: %d, %v", n, err)
		}
	})
}

func TestBlockingReadEndsOnAMovedClock(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		s.Advance(t, 300*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), startLimit)
		defer cancel()
		if err := read(ctx, s.Client(t), 20*time.Millisecond); !errors.Is(err, redis.Nil) {
			t.Errorf("XREAD BLOCK ended with %v", err)
		}
	})
}

func TestBlockingReadFollowsTheClockOfRedis(t *testing.T) {
	t.Parallel()
	s := Redis(t, Options{MovableClock: true})
	c := s.Client(t)
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- read(ctx, c, time.Hour) }()
	waitFor(t, "the reader to block", func(ctx context.Context) error {
		info, err := c.Info(ctx, "clients").Result()
		if err == nil && !strings.Contains(info, "blocked_clients:1") {
			err = errors.New("it does not")
		}
		return err
	})
	s.Advance(t, 2*time.Hour)
	if err := <-ended; !errors.Is(err, redis.Nil) {
		t.Errorf("XREAD BLOCK ended with %v", err)
	}
}

// read waits at most block for an entry that never comes.
func read(ctx context.Context, c redis.UniversalClient, block time.Duration) error {
	return c.XRead(ctx, &redis.XReadArgs{Streams: []string{"stream", "0"}, Block: block}).Err()
}

// wantLife checks what is left of a key's TTL; the lower bound leaves room for a slow test.
func wantLife(t *testing.T, c redis.UniversalClient, key string, least, most time.Duration) {
	t.Helper()
	left, err := c.PTTL(t.Context(), key).Result()
	if err != nil || left < least || left > most {
		t.Errorf("key %q lives for another %v, %v; want %v to %v", key, left, err, least, most)
	}
}
