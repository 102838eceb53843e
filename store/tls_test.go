package store_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

// busy gives handshakes time on a machine that runs many tests at once.
const busy = "?dial_timeout=20s"

func TestRegistryOverTLS(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	_, addr := ca.Redis(t)
	registryPath(t, "rediss://"+addr+busy, registry.Options{TLS: ca.Client(t)})
}

func TestRegistryOverTLSOnACluster(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	// A cluster's node names to others the port at which it listens for TLS where its bus speaks TLS too.
	config := append(ca.Config(t), "--tls-cluster", "yes", "--cluster-announce-ip", "127.0.0.1")
	cluster := redistest.ClusterWith(t, redistest.ClusterOptions{Masters: 1, Config: config})
	addr := redistls.Listen(t, cluster)
	registryPath(t, "rediss+cluster://"+addr+busy, registry.Options{TLS: ca.Client(t)})
}

// refusedTLS opens a registry and checks that it fails for good, with this field and these words.
func refusedTLS(t *testing.T, url string, config *tls.Config, field, words string) {
	t.Helper()
	_, err := registry.Open(t.Context(), url, registry.Options{
		TLS: config, StartDegraded: true, OperationTimeout: 20 * time.Second,
	})
	var refused *registry.InvalidError
	if !errors.As(err, &refused) || refused.Field != field || !strings.Contains(refused.Problem, words) {
		t.Errorf("got %v, want %s: ... %s", err, field, words)
	}
}

func TestTLSRefusalsSayWhy(t *testing.T) {
	t.Parallel()
	ca, other := redistls.NewAuthority(t), redistls.NewAuthority(t)
	server, addr := ca.Redis(t)
	url, plain := "rediss://"+addr+busy, server.Addr()

	t.Run("server of another authority", func(t *testing.T) {
		t.Parallel()
		config := ca.Client(t)
		config.RootCAs = other.Pool()
		refusedTLS(t, url, config, "Options.TLS", "the server's certificate is not accepted: x509: certificate signed by unknown authority")
	})
	t.Run("authority unknown to the system", func(t *testing.T) {
		t.Parallel()
		refusedTLS(t, url, nil, "redis URL", "the server's certificate is not accepted: x509: certificate signed by unknown authority")
	})
	t.Run("server of another name", func(t *testing.T) {
		t.Parallel()
		config := ca.Client(t)
		config.ServerName = "redis.example"
		refusedTLS(t, url, config, "Options.TLS", "the server's certificate is not accepted: x509: certificate is")
	})
	t.Run("no client certificate", func(t *testing.T) {
		t.Parallel()
		for range 20 { // what the server says may be lost when its connection is reset
			refusedTLS(t, url, &tls.Config{RootCAs: ca.Pool()}, "Options.TLS", "it may want a client certificate, and none is set")
		}
	})
	t.Run("client of another authority", func(t *testing.T) {
		t.Parallel()
		config := other.Client(t)
		config.RootCAs = ca.Pool()
		refusedTLS(t, url, config, "Options.TLS", "the server refused the TLS handshake: tls: unknown certificate authority")
	})
	t.Run("expired client certificate", func(t *testing.T) {
		t.Parallel()
		config := ca.Client(t)
		config.Certificates = []tls.Certificate{ca.Issue(t, time.Now().Add(-time.Minute))}
		refusedTLS(t, url, config, "Options.TLS", "the server refused the TLS handshake: tls: expired certificate")
	})
	t.Run("no client certificate on a cluster's node", func(t *testing.T) {
		t.Parallel()
		refusedTLS(t, "rediss+cluster://"+addr+busy, &tls.Config{RootCAs: ca.Pool()}, "Options.TLS", "it may want a client certificate")
	})
	t.Run("server without TLS", func(t *testing.T) {
		t.Parallel()
		// Redis waits for the end of what it takes for a command.
		_, err := registry.Open(t.Context(), "rediss://"+plain, registry.Options{TLS: ca.Client(t)})
		if !errors.Is(err, registry.ErrUnavailable) || !strings.Contains(err.Error(), "may not speak TLS") {
			t.Errorf("got %v, want ErrUnavailable with a hint", err)
		}
	})
	t.Run("URL without TLS", func(t *testing.T) {
		t.Parallel()
		for _, scheme := range []string{"redis", "redis+cluster", "redis+sentinel", "unix"} {
			refusedTLS(t, scheme+"://"+plain+"?master_name=m", ca.Client(t), "redis URL", "without TLS, although Options.TLS is set")
		}
		_, err := registry.Open(t.Context(), "redis://"+addr, registry.Options{})
		if !errors.Is(err, registry.ErrUnavailable) || !strings.Contains(err.Error(), "rediss://") {
			t.Errorf("a server that wants TLS, asked without: got %v, want ErrUnavailable with rediss://", err)
		}
	})
	t.Run("client with settings of its own", func(t *testing.T) {
		t.Parallel()
		client := redis.NewClient(&redis.Options{Addr: plain})
		defer client.Close()
		_, err := registry.New(t.Context(), client, registry.Options{TLS: ca.Client(t)})
		if !errors.Is(err, registry.ErrInvalid) || !strings.Contains(err.Error(), "Options.TLS") {
			t.Errorf("got %v, want ErrInvalid that names Options.TLS", err)
		}
	})
}

// A server that does not speak TLS must not be sent anything in plain text.
func TestTLSDoesNotFallBack(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	received, done := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			first := make([]byte, 1)
			if _, err := io.ReadFull(conn, first); err == nil {
				_, _ = conn.Write([]byte("-ERR no TLS here\r\n")) // the client may be gone
				_ = conn.(*net.TCPConn).CloseWrite()
				rest, _ := io.ReadAll(conn)
				received <- string(first) + string(rest)
			}
			_ = conn.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = registry.Open(ctx, "rediss://user:hush@"+listener.Addr().String()+busy,
		registry.Options{OperationTimeout: 20 * time.Second})
	if !errors.Is(err, registry.ErrInvalid) || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	must(t, listener.Close())
	<-done
	close(received)
	count := 0
	for text := range received {
		count++
		if text[0] != 0x16 || strings.Contains(text, "hush") || strings.Contains(strings.ToUpper(text), "PING") {
			t.Errorf("sent without TLS: %q", text)
		}
	}
	if count == 0 {
		t.Error("nothing was sent")
	}
}
