package redistest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// through is a client of s behind a proxy.
func through(t *testing.T, s *Server) (*Proxy, *redis.Client) {
	t.Helper()
	p := NewProxy(t, s.Addr())
	o := s.Options().Simple()
	o.Addr = p.Addr()
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return p, c
}

func TestProxyCutAndRestore(t *testing.T) {
	t.Parallel()
	p, c := through(t, Miniredis(t))
	ok(t, c.Set(t.Context(), "key", "value", 0).Err())
	for range 3 {
		p.Cut()
		p.Cut()
		if err := c.Get(t.Context(), "key").Err(); err == nil {
			t.Error("an answer through a cut proxy")
		}
		if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a cut proxy: %v", err)
		}
		p.Restore()
		p.Restore()
		waitFor(t, "an answer", func(ctx context.Context) error { return c.Get(ctx, "key").Err() })
	}
}

func TestProxyFreezeHoldsBytesBack(t *testing.T) {
	t.Parallel()
	s := Miniredis(t)
	p, c := through(t, s)
	before := dial(t, p.Addr())
	ok(t, c.Ping(t.Context()).Err())
	p.Freeze()
	p.Freeze()
	send(t, before, "SET", "key", "value")
	send(t, dial(t, p.Addr()), "PING") // a connection that was made since
	if s.Miniredis().Exists("key") {
		t.Error("the frozen proxy let a command through")
	}
	p.Thaw()
	waitFor(t, "the command", func(context.Context) error {
		if !s.Miniredis().Exists("key") {
			return errors.New("it did not arrive")
		}
		return nil
	})
	ok(t, c.Ping(t.Context()).Err())
}

func TestProxyLosesNothingWhenFrozenMidway(t *testing.T) {
	t.Parallel()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // more than all buffers between
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer l.Close()
	p := NewProxy(t, l.Addr().String())
	client, err := net.Dial("tcp", p.Addr())
	ok(t, err)
	defer client.Close()
	server, err := l.Accept()
	ok(t, err)
	defer server.Close()
	wrote := make(chan error, 1)
	go func() {
		_, err := client.Write(sent)
		wrote <- errors.Join(err, client.Close())
	}()
	got := make([]byte, 1<<16)
	_, err = io.ReadFull(server, got)
	ok(t, err)
	for range 20 {
		p.Freeze() // although the receiver does not read
		p.Thaw()
		more := make([]byte, 1<<12)
		_, err = io.ReadFull(server, more)
		ok(t, err)
		got = append(got, more...)
	}
	rest, err := io.ReadAll(server)
	ok(t, err)
	ok(t, <-wrote)
	if !bytes.Equal(append(got, rest...), sent) {
		t.Errorf("%d bytes arrived of %d, or others", len(got)+len(rest), len(sent))
	}
}

func TestProxyTellsOfADeadServer(t *testing.T) {
	t.Parallel()
	s := Redis(t)
	_, c := through(t, s)
	ok(t, c.Ping(t.Context()).Err())
	s.Kill(t)
	if err := c.Ping(t.Context()).Err(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a dead server behind the proxy: %v", err)
	}
	s.Restart(t)
	waitFor(t, "the server", func(ctx context.Context) error { return c.Ping(ctx).Err() })
}
