package store

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// eager makes a dialer that in place of an error hands out a connection on which everything fails with that error. The
// library counts failed dials: after as many as its pool has places it looks for the server once a second, and answers
// for it in between. Here each call looks for itself, so that a failover is noticed when it is over; what keeps calls
// from becoming a load is the follower's backoff. A dialer that is nil is the library's for the options.
func eager(dial dialer, options *redis.Options) dialer {
	if dial == nil {
		dial = redis.NewDialer(options)
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return deadConn{fmt.Errorf("dial: %w", err)}, nil // the library takes one layer off
		}
		return conn, nil
	}
}

// deadConn is a connection that could not be made.
type deadConn struct{ err error }

func (c deadConn) Read([]byte) (int, error)         { return 0, c.err }
func (c deadConn) Write([]byte) (int, error)        { return 0, c.err }
func (c deadConn) Close() error                     { return nil }
func (c deadConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c deadConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c deadConn) SetDeadline(time.Time) error      { return nil }
func (c deadConn) SetReadDeadline(time.Time) error  { return nil }
func (c deadConn) SetWriteDeadline(time.Time) error { return nil }
