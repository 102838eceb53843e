package store

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

// connected is a connection as the store makes it, and the server's end of it.
func connected(t *testing.T, network, addr string, serverTLS, clientTLS *tls.Config) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if serverTLS != nil {
			over := tls.Server(conn, serverTLS)
			if over.Handshake() != nil {
				_ = conn.Close() // the client's dial fails
				return
			}
			conn = over
		}
		accepted <- conn
	}()
	client, err = failFast(nil, &redis.Options{TLSConfig: clientTLS})(t.Context(), network, listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if failed, ok := client.(failedConn); ok {
		t.Fatal(failed.err)
	}
	if server = <-accepted; server == nil {
		t.Fatal("not accepted")
	}
	t.Cleanup(func() { _ = server.Close() })
	return client, server
}

// arrived waits until the kernel has data for a connection.
func arrived(t *testing.T, conn net.Conn) {
	t.Helper()
	for {
		if beneath, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = beneath.NetConn()
			continue
		}
		break
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Read(func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return n > 0 || err != syscall.EAGAIN
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An answer that came in time is read although its reader comes when the time is over.
func TestAnAnswerThatIsThereIsNoTimeout(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	serverTLS := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, time.Now().Add(time.Hour))}}
	clientTLS := &tls.Config{RootCAs: ca.Pool()}
	for _, c := range []struct {
		name, network, addr  string
		serverTLS, clientTLS *tls.Config
	}{
		{"tcp", "tcp", "127.0.0.1:0", nil, nil},
		{"unix", "unix", filepath.Join(t.TempDir(), "s"), nil, nil},
		{"tls", "tcp", "127.0.0.1:0", serverTLS, clientTLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, server := connected(t, c.network, c.addr, c.serverTLS, c.clientTLS)
			// For a reader that is late again, the deadline of the second look may pass like the first one.
			for try := 1; ; try++ {
				if _, err := io.WriteString(server, "+PONG\r\n"); err != nil {
					t.Fatal(err)
				}
				arrived(t, client)
				if err := client.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, 16)
				n, err := client.Read(got)
				if err == nil && string(got[:n]) == "+PONG\r\n" {
					return
				}
				if try == 20 || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("got %q, %v", got[:n], err)
				}
				if err := client.SetReadDeadline(time.Time{}); err != nil {
					t.Fatal(err)
				}
				if _, err := client.Read(got); err != nil { // the next try writes its own
					t.Fatal(err)
				}
			}
		})
	}
}

// A silent server is reported at the deadline, as a timeout, and the connection can be read again with another one.
func TestASilentServerIsReportedAtTheDeadline(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(net.Conn, time.Time) error{
		"SetReadDeadline": net.Conn.SetReadDeadline, "SetDeadline": net.Conn.SetDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				beneath, server := net.Pipe()
				defer server.Close()
				client := withSecondLook(beneath)
				defer client.Close()
				for _, limit := range []time.Duration{time.Second, 2 * secondLookTime, secondLookTime / 2, -time.Second} {
					began := time.Now()
					if err := set(client, began.Add(limit)); err != nil {
						t.Fatal(err)
					}
					_, err := client.Read(make([]byte, 1))
					if took := time.Since(began); !isTimeout(err) || !errors.Is(err, os.ErrDeadlineExceeded) ||
						took > max(limit, secondLookTime) {
						t.Errorf("a limit of %v: %v after %v", limit, err, took)
					}
					began = time.Now()
					if _, err := client.Read(make([]byte, 1)); !isTimeout(err) || time.Since(began) > 0 {
						t.Errorf("after a deadline that has passed: %v after %v, want a timeout at once", err, time.Since(began))
					}
				}
				if err := set(client, time.Time{}); err != nil {
					t.Fatal(err)
				}
				go func() { _, _ = server.Write([]byte("x")) }()
				if n, err := client.Read(make([]byte, 1)); n != 1 || err != nil {
					t.Errorf("without a deadline: %d, %v", n, err)
				}
			})
		})
	}
}

// A server that sends byte by byte does not put the end off.
func TestASlowServerIsReportedAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		beneath, server := net.Pipe()
		client := withSecondLook(beneath)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for range 10 * time.Second / (secondLookTime / 2) {
				<-time.After(secondLookTime / 2)
				if _, err := server.Write([]byte("x")); err != nil {
					return
				}
			}
		}()
		began := time.Now()
		if err := client.SetReadDeadline(began.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := io.ReadAll(client)
		if took := time.Since(began); !isTimeout(err) || took > time.Second+secondLookTime {
			t.Errorf("%v after %v", err, took)
		}
		if err := errors.Join(client.Close(), server.Close()); err != nil {
			t.Error(err)
		}
		<-stopped
	})
}

// What the library looks for in a connection is still there: whether an idle one was closed, what lies beneath TLS.
func TestSecondLookKeepsTheConnection(t *testing.T) {
	t.Parallel()
	client, server := connected(t, "tcp", "127.0.0.1:0", nil, nil)
	if _, ok := client.(syscall.Conn); !ok {
		t.Error("a TCP connection has lost its SyscallConn")
	}
	if again := withSecondLook(client); again != client {
		t.Error("it is wrapped twice")
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()
	if _, ok := withSecondLook(pipe).(syscall.Conn); ok {
		t.Error("a pipe has a SyscallConn")
	}
}

// A connection that was closed while idle is not used: the library's own look at it goes through the wrapper.
func TestAClosedIdleConnectionIsNoticed(t *testing.T) {
	t.Parallel()
	shared := redistest.Shared(t)
	var last net.Conn
	options := shared.Options().Simple()
	options.PoolSize = 1
	dial := redis.NewDialer(options)
	options.Dialer = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		last, err = dial(ctx, network, addr)
		return last, err
	}
	model := redis.NewClient(options)
	defer model.Close()
	client, err := alike(model, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := shared.Admin(t).ClientKillByFilter(t.Context(), "LADDR", shared.Addr(), "ADDR", last.LocalAddr().String()).Err(); err != nil {
		t.Fatal(err)
	}
	arrived(t, last) // the end of the connection
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("a call after the connection was closed while idle: %v", err)
	}
}
