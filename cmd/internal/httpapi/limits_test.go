package httpapi

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
)

// piped is a listener within a bubble, whose clock the connections follow.
type piped struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (p piped) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p piped) Close() error {
	close(p.closed)
	return nil
}

func (p piped) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p piped) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.connections <- theirs
	return ours, nil
}

// quiet is a registry in which nothing happens.
type quiet struct{ Registry }

func (quiet) Health() registry.Health { return registry.Health{} }

func (quiet) WaitFor(ctx context.Context, _ registry.Position) error {
	<-ctx.Done()
	return ctx.Err()
}

// limited runs a server with the limits that it has, HTTP/2 without TLS included, in a bubble. dial makes a connection.
// At /stream is an event stream of nothing.
func limited(t *testing.T, test func(t *testing.T, dial func() net.Conn, client *http.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log, _ := logtest.NewNullLogger()
		a := New(quiet{}, nil, log, Options{})
		a.mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
			events := make(chan registry.Event)
			context.AfterFunc(r.Context(), func() { close(events) }) // as a Watcher's
			newStream(w).run(events, a.ending)
		})
		server := a.Server()
		server.Protocols = new(http.Protocols)
		server.Protocols.SetHTTP1(true)
		server.Protocols.SetUnencryptedHTTP2(true)
		p := piped{make(chan net.Conn), make(chan struct{})}
		go func() { _ = server.Serve(p) }() // ends with Shutdown, and says so
		second := new(http.Protocols)
		second.SetUnencryptedHTTP2(true)
		transport := &http.Transport{Protocols: second, DialContext: p.dial}
		test(t, func() net.Conn {
			c, _ := p.dial(t.Context(), "", "") // has no way to fail
			return c
		}, &http.Client{Transport: transport})
		transport.CloseIdleConnections()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAStreamOutlivesTheLimitsOfARequest listens while much longer than any limit nothing happens but heartbeats.
func TestAStreamOutlivesTheLimitsOfARequest(t *testing.T) {
	t.Parallel()
	for name, get := range map[string]func(t *testing.T, dial func() net.Conn, client *http.Client) (*http.Response, io.Closer){
		"HTTP/1.1": func(t *testing.T, dial func() net.Conn, _ *http.Client) (*http.Response, io.Closer) {
			c := dial()
			if _, err := io.WriteString(c, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			return answer, c
		},
		"HTTP/2": func(t *testing.T, _ func() net.Conn, client *http.Client) (*http.Response, io.Closer) {
			answer, err := client.Get("http://h/stream")
			if err != nil {
				t.Fatal(err)
			}
			return answer, answer.Body
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limited(t, func(t *testing.T, dial func() net.Conn, client *http.Client) {
				answer, end := get(t, dial, client)
				defer end.Close()
				if answer.Proto[:6] != name[:6] {
					t.Fatalf("spoken was %s", answer.Proto)
				}
				lines := bufio.NewScanner(answer.Body)
				want := "retry: 1000"
				for began, last := time.Now(), time.Now(); time.Since(began) < 10*idleTimeout; last = time.Now() {
					lines.Scan()
					if got := lines.Text(); got != want || !lines.Scan() || lines.Text() != "" {
						t.Fatalf("after %v came %q, want %q; the stream says %v", time.Since(began), got, want, lines.Err())
					}
					if quiet := time.Since(last); quiet > 30*time.Second { // many proxies cut off who is quiet for a minute
						t.Fatalf("it was quiet for %v", quiet)
					}
					want = ": "
				}
			})
		})
	}
}

// answeredAfter is how long it takes until a connection that sent something ends, and what came before.
func answeredAfter(t *testing.T, c net.Conn, sent string) (took time.Duration, answer string) {
	t.Helper()
	began := time.Now()                            // of the bubble
	go func() { _, _ = io.WriteString(c, sent) }() // of which not all may be taken
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(began), string(got)
}

// TestWhoTakesLongIsCutOff: each limit of a connection is a time in the bubble's clock, so it is known to the second.
func TestWhoTakesLongIsCutOff(t *testing.T) {
	t.Parallel()
	const asked = "GET /healthz HTTP/1.1\r\nHost: h\r\n"
	for name, c := range map[string]struct {
		sent, status string
		limit        time.Duration
	}{
		"headers that do not come": {asked, "", readHeaderTimeout},
		"a body that does not come": {"PUT /api/v1/clients/c HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{",
			"HTTP/1.1 408 Request Timeout", readTimeout},
		"headers without an end": {asked + "X: " + strings.Repeat("x", 100<<10) + "\r\n\r\n",
			"HTTP/1.1 431 Request Header Fields Too Large", 0},
		"nothing more": {asked + "\r\n", "HTTP/1.1 200 OK", idleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limited(t, func(t *testing.T, dial func() net.Conn, _ *http.Client) {
				took, answer := answeredAfter(t, dial(), c.sent)
				status, _, _ := strings.Cut(answer, "\r\n")
				told := status != "HTTP/1.1 408 Request Timeout" || strings.Contains(answer, `"the body did not come in time"`)
				if status != c.status || !told || took.Truncate(time.Second) != c.limit {
					t.Errorf("after %v: %q", took, answer)
				}
			})
		})
	}
}

func TestAnAnswerThatIsNotTakenIsCutOff(t *testing.T) {
	t.Parallel()
	limited(t, func(t *testing.T, dial func() net.Conn, _ *http.Client) {
		c := dial()
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * writeTimeout) // of the bubble
		if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestAReadWaitsASecondAtMost holds what docs/openapi.yaml promises of X-Rollcall-After.
func TestAReadWaitsASecondAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, _ := logtest.NewNullLogger()
		r := httptest.NewRequest("GET", "/v1/models", nil)
		r.Header.Set(headerAfter, "e:5:n")
		w, began := httptest.NewRecorder(), time.Now()
		New(quiet{}, nil, log, Options{}).ServeHTTP(w, r)
		if took := time.Since(began); w.Code != http.StatusServiceUnavailable || took > time.Second {
			t.Errorf("status %d after %v", w.Code, took)
		}
	})
}
