package store

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// failFast makes a dialer that in place of an error returns a connection on which everything fails with that error. The
// library counts failed dials: after as many as its pool has places it dials only once a second, and answers calls in
// between with the last error. With failFast every call dials, so a failover is noticed when it is over; the follower's
// backoff keeps the calls from becoming a load. A connection that was made gets a second look (see secondLook). A nil
// dialer means the library's own for the options.
func failFast(dial dialer, options *redis.Options) dialer {
	if dial == nil {
		dial = redis.NewDialer(options)
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return failedConn{fmt.Errorf("dial: %w", err)}, nil // the library takes one layer off
		}
		return withSecondLook(conn), nil
	}
}

// failedConn is a connection that could not be made.
type failedConn struct{ err error }

func (c failedConn) Read([]byte) (int, error)         { return 0, c.err }
func (c failedConn) Write([]byte) (int, error)        { return 0, c.err }
func (c failedConn) Close() error                     { return nil }
func (c failedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c failedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c failedConn) SetDeadline(time.Time) error      { return nil }
func (c failedConn) SetReadDeadline(time.Time) error  { return nil }
func (c failedConn) SetWriteDeadline(time.Time) error { return nil }
