package registry_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// through makes a client of a server, behind a network that a test wraps around each connection.
func through(t *testing.T, s *redistest.Server, wrapped func(net.Conn) net.Conn) redis.UniversalClient {
	t.Helper()
	options := s.Options()
	dial := options.Dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
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

// cable is a network that can be cut: its connections break, and no new ones are made.
type cable struct {
	mu    sync.Mutex
	off   bool
	conns []net.Conn
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = true
	for _, conn := range c.conns {
		_ = conn.Close() // it may be closed already
	}
	c.conns = nil
}

func (c *cable) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = false
}

// client makes a client of a server, behind the network.
func (c *cable) client(t *testing.T, s *redistest.Server) redis.UniversalClient {
	t.Helper()
	return through(t, s, func(conn net.Conn) net.Conn {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.off {
			_ = conn.Close()
		}
		c.conns = append(c.conns, conn)
		return conn
	})
}
