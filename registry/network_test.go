package registry_test

import (
	"context"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// through makes a client of a server in the bubble, or outside of one, behind a network that a test wraps around each connection.
func through(t *testing.T, s *redistest.Server, wrapped func(net.Conn) net.Conn) redis.UniversalClient {
	t.Helper()
	options := s.Options()
	dial := options.Dialer
	if dial == nil {
		dial = redis.NewDialer(options.Simple())
	}
	options.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return wrapped(conn), nil
	}
	c := redis.NewUniversalClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
