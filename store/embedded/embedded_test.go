package embedded_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *embedded.Server {
	t.Helper()
	s, err := embedded.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestClientRunsCommandsAndScripts(t *testing.T) {
	t.Parallel()
	c, ctx := start(t).Client(), t.Context()
	if err := c.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	script := redis.NewScript(`redis.call('HSET', KEYS[1], 'f', ARGV[1]) return redis.call('HGET', KEYS[1], 'f')`)
	got, err := script.Run(ctx, c, []string{"k"}, "v").Text()
	if err != nil || got != "v" {
		t.Fatalf("script: got %q, %v; want v", got, err)
	}
}

func TestClientsOfOneServerShareItsData(t *testing.T) {
	t.Parallel()
	s, ctx := start(t), t.Context()
	a, b := s.Client(), s.Client()
	if err := a.Set(ctx, "k", "from a", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get(ctx, "k").Result(); err != nil || got != "from a" {
		t.Errorf("the other client reads %q, %v", got, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get(ctx, "k").Result(); err != nil || got != "from a" {
		t.Errorf("after the first client was closed the other reads %q, %v", got, err)
	}
	if n, err := start(t).Client().Exists(ctx, "k").Result(); err != nil || n != 0 {
		t.Errorf("another server knows the key: %d, %v", n, err)
	}
}

func TestKeysExpireByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, ctx := start(t).Client(), t.Context()
		if err := c.Set(ctx, "k", "v", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + time.Second) // the clock of the bubble
		if n, err := c.Exists(ctx, "k").Result(); err != nil || n != 0 {
			t.Errorf("a minute later: exists %d, %v; want 0", n, err)
		}
	})
}

func TestCommandObeysItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := start(t).Client()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := c.XRead(ctx, &redis.XReadArgs{Streams: []string{"s", "$"}, Block: time.Minute}).Err()
		if err == nil || time.Since(began) > 3*time.Second {
			t.Errorf("a blocked read with a deadline of 2 s ended after %v with %v", time.Since(began), err)
		}
	})
}

func TestClosedServerStaysClosed(t *testing.T) {
	t.Parallel()
	s, err := embedded.Start()
	if err != nil {
		t.Fatal(err)
	}
	before := s.Client()
	if err := before.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := before.Ping(t.Context()).Err(); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("a client from before: %v, want %v", err, redis.ErrClosed)
	}
	late := s.Client()
	defer late.Close()
	if err := late.Ping(t.Context()).Err(); !errors.Is(err, embedded.ErrClosed) {
		t.Errorf("a client from after: %v, want %v", err, embedded.ErrClosed)
	}
}
