package cli_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// daemons are the listeners of the daemons in bubbles, by host and port.
var daemons sync.Map

// TestMain lets the verbs reach the daemons in bubbles.
func TestMain(m *testing.M) {
	transport := http.DefaultTransport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if found, ok := daemons.Load(address); ok {
			return found.(listener).dial(ctx)
		}
		return dial(ctx, network, address)
	}
	os.Exit(m.Run())
}

// listener has connections within a bubble, which follow its clock.
type listener struct {
	address     string
	connections chan net.Conn
	closed      chan struct{}
}

func (l listener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.connections <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept, Close and Addr implement net.Listener.
func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error {
	close(l.closed)
	return nil
}

func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: l.address, Net: "unix"} }

var started atomic.Int32

// withDaemon runs a test in a bubble, with the URL of a daemon that answers as the handler does.
func withDaemon(t *testing.T, answer http.HandlerFunc, test func(t *testing.T, base string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := fmt.Sprintf("daemon-%d.invalid", started.Add(1))
		l := listener{host + ":80", make(chan net.Conn), make(chan struct{})}
		daemons.Store(l.address, l)
		defer daemons.Delete(l.address)
		server := &http.Server{Handler: answer}
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(l) }) // ends with Close, and says so
		defer serving.Wait()
		defer func() { _ = server.Close() }() // has nothing to lose
		test(t, "http://"+host)
	})
}
