package store_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store"
)

// TestEachTryDials: however often a server could not be reached, the next try looks for it.
func TestEachTryDials(t *testing.T) {
	t.Parallel()
	var dials atomic.Int64
	refuse := func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Dialer: refuse, PoolSize: 1})
	t.Cleanup(func() { _ = client.Close() })
	s, err := store.New(client, store.Options{Namespace: "dials", Replica: "r"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for n := int64(1); n <= 10; n++ {
		err := s.CheckConnection(t.Context())
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("try %d: %v", n, err)
		}
		if got := dials.Load(); got != n {
			t.Fatalf("%d tries dialled %d times", n, got)
		}
	}
}
