package registry_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// respProxy stands before a Redis and treats some requests in its own way.
type respProxy struct {
	requests atomic.Int64
	mu       sync.Mutex
	matches  func(request []byte) bool
	answer   string // to requests that match
}

// Answers of a respProxy that are none.
const (
	dropConnection = "drop the connection"
	neverAnswer    = "never answer"
)

// treat has the proxy give an answer to the requests that match.
func (p *respProxy) treat(matches func(request []byte) bool, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.matches, p.answer = matches, answer
}

func (p *respProxy) answerTo(request []byte) (answer string, treated bool) {
	p.requests.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answer, p.matches != nil && p.matches(request)
}

// respProxyConn is a client's connection through it. The library writes one request and reads its answer.
type respProxyConn struct {
	net.Conn
	proxy  *respProxy
	answer *bytes.Buffer
}

func (c respProxyConn) Write(b []byte) (int, error) {
	answer, treated := c.proxy.answerTo(b)
	switch {
	case !treated:
		return c.Conn.Write(b)
	case answer == dropConnection:
		return len(b), c.Conn.Close()
	case answer != neverAnswer:
		c.answer.WriteString(answer)
	}
	return len(b), nil
}

func (c respProxyConn) Read(b []byte) (int, error) {
	if c.answer.Len() > 0 {
		return c.answer.Read(b)
	}
	n, err := c.Conn.Read(b)
	if err == io.ErrClosedPipe {
		err = io.EOF // as the client of a TCP connection sees it
	}
	return n, err
}

func (p *respProxy) client(t *testing.T, s *redistest.Server) redis.UniversalClient {
	t.Helper()
	return through(t, s, func(c net.Conn) net.Conn { return respProxyConn{c, p, new(bytes.Buffer)} })
}

func (p *respProxy) open(t *testing.T, s *redistest.Server) (*registry.ModelRegistry, *logtest.Hook) {
	t.Helper()
	log, logged := logtest.NewNullLogger()
	r, err := registry.New(t.Context(), p.client(t, s), registry.Options{ReplicaID: "behind", Logger: log})
	must(t, err)
	return r, logged
}

// waitsInRedis matches reads that wait.
func waitsInRedis(request []byte) bool {
	lower := bytes.ToLower(request)
	return bytes.Contains(lower, []byte("xread\r\n")) && bytes.Contains(lower, []byte("\r\nblock\r\n"))
}

// withoutBlocking are what servers and proxies do with a read that waits.
var withoutBlocking = map[string]string{
	"refused":           "-ERR unknown command 'XREAD'\r\n",
	"answered at once":  "*-1\r\n",
	"answered empty":    "*0\r\n",
	"connection closed": dropConnection,
	"never answered":    neverAnswer,
}

// polled lets 20 s pass, less than the minute after which is looked whether reads can wait again, and checks what they
// cost: four polls and four heads a second, and heartbeats. A change arrives within a quarter of a second, and some.
func polled(t *testing.T, p *respProxy, r, other *registry.ModelRegistry) {
	t.Helper()
	before := p.requests.Load()
	<-time.After(20 * time.Second) // of the bubble
	if n := p.requests.Load() - before; n < 140 || n > 180 {
		t.Errorf("%d requests in 20 s, want four polls and four heads a second", n)
	}
	must(t, other.RegisterClient(t.Context(), "new", "p", named("new")))
	came := time.Now()
	eventually(t, "the change arrives", func() bool { return r.ClientSupportsModel("new", "new") })
	if took := time.Since(came); took > 260*time.Millisecond {
		t.Errorf("the change arrived after %v", took)
	}
	if h := r.Health(); !h.Connected || !h.Polling || h.Age > time.Second || h.LastError != nil {
		t.Errorf("%+v", h)
	}
}

// TestAFeedThatCannotWaitIsPolled: from the start, behind a proxy, and with a wait in Redis again when that works.
func TestAFeedThatCannotWaitIsPolled(t *testing.T) {
	t.Parallel()
	for name, answer := range withoutBlocking {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := redistest.MiniredisLive(t), new(respProxy)
				other := openReplica(t, s, "default", "other", registry.Options{})
				p.treat(waitsInRedis, answer)
				r, logged := p.open(t, s)
				defer r.Close()
				if !r.Health().Polling {
					t.Error("it is not known at the start")
				}
				polled(t, p, r, other)
				if n := len(logged.AllEntries()); n != 1 || said(logged, "does not let reads wait") != 1 {
					t.Errorf("%d lines are logged, want one", n)
				}
				<-time.After(45 * time.Second) // of the bubble; it was looked once meanwhile
				if h := r.Health(); !h.Polling || !h.Connected {
					t.Errorf("after the look: %+v", h)
				}
				p.treat(nil, "")
				<-time.After(time.Minute)
				if h := r.Health(); h.Polling || !h.Connected {
					t.Errorf("after the next look: %+v", h)
				}
				if n := len(logged.AllEntries()); n != 2 || said(logged, "wait in redis again") != 1 {
					t.Errorf("%d lines are logged, want two", n)
				}
			})
		})
	}
}

// TestAFeedThatCannotWaitAnyMoreIsPolled: the proxy's backend changes. Redis is not away, and nobody says so.
func TestAFeedThatCannotWaitAnyMoreIsPolled(t *testing.T) {
	t.Parallel()
	for name, answer := range withoutBlocking {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := redistest.MiniredisLive(t), new(respProxy)
				other := openReplica(t, s, "default", "other", registry.Options{})
				r, logged := p.open(t, s)
				defer r.Close()
				<-time.After(10 * time.Second) // of the bubble
				if r.Health().Polling {
					t.Fatal("it polls although reads can wait")
				}
				before := p.requests.Load()
				p.treat(waitsInRedis, answer)
				eventually(t, "it polls", func() bool { return r.Health().Polling })
				if n := p.requests.Load() - before; n > 50 {
					t.Errorf("%d requests until then", n)
				}
				polled(t, p, r, other)
				if n := len(logged.AllEntries()); n != 1 || said(logged, "does not let reads wait") != 1 {
					t.Errorf("%d lines are logged, want one", n)
				}
			})
		})
	}
}

// TestDoctorFindsAFeedThatCannotWait on a real server.
func TestDoctorFindsAFeedThatCannotWait(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	found := func(p *respProxy) store.Finding {
		t.Helper()
		st, err := store.New(p.client(t, s), store.Options{Namespace: redistest.Namespace(t), Replica: "r"})
		must(t, err)
		defer st.Close()
		for _, one := range st.Examine(t.Context()) {
			if one.Check == "feed" {
				return one
			}
		}
		t.Fatal("the feed is not looked at: ", st.Examine(t.Context()))
		return store.Finding{}
	}
	one := found(new(respProxy))
	for try := 1; try < 20 && strings.Contains(one.Found, "timeout"); try++ { // on a busy machine
		one = found(new(respProxy))
	}
	if one.State != store.FindingOK {
		t.Errorf("a server on which reads wait: %+v", one)
	}
	for name, answer := range withoutBlocking {
		p := new(respProxy)
		p.treat(waitsInRedis, answer)
		if one := found(p); one.State != store.FindingWarn || one.Do == "" {
			t.Errorf("%s: %+v", name, one)
		}
	}
}

// TestOneLostProbeDoesNotMakeAFeedPolled: the answer to the probe at the start may be lost, as any other.
func TestOneLostProbeDoesNotMakeAFeedPolled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, network := redistest.MiniredisLive(t), &selective{}
		var lost atomic.Bool
		network.lose(func(request []byte) bool {
			return bytes.Contains(bytes.ToLower(request), []byte("xread\r\n")) && lost.CompareAndSwap(false, true)
		})
		r, _ := network.open(t, s)
		defer r.Close()
		if !lost.Load() || r.Health().Polling {
			t.Errorf("lost: %v; %+v", lost.Load(), r.Health())
		}
	})
}

// TestABadStateIsLoggedOnceAndOnceAMinute: whatever is wrong is logged when it begins and once a minute after that, and
// the end of an outage as well.
func TestABadStateIsLoggedOnceAndOnceAMinute(t *testing.T) {
	t.Parallel()
	all := func([]byte) bool { return true }
	for name, c := range map[string]struct {
		matches func([]byte) bool
		answer  string
		says    string
		ends    string
	}{
		"silence":         {all, neverAnswer, "redis is away", "redis is back"},
		"no connection":   {all, dropConnection, "redis is away", "redis is back"},
		"loading":         {all, "-LOADING Redis is loading the dataset in memory\r\n", "redis is away", "redis is back"},
		"no memory":       {runs("quota"), "-OOM command not allowed when used memory > 'maxmemory'.\r\n", "redis is away", "redis is back"},
		"no feed":         {func(b []byte) bool { return readsFeed(b) }, "-ERR refused\r\n", "redis is away", "redis is back"},
		"heads too late":  {runs("head"), neverAnswer, "redis did not answer; asked again", ""},
		"feed rolls back": {runs("head"), "", "reading the namespace anew", ""},
		"no heartbeat":    {runs("heartbeat"), "-OOM no memory\r\n", "the lease was not renewed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p, ctx := redistest.MiniredisLive(t), new(respProxy), t.Context()
				r, logged := p.open(t, s)
				defer r.Close()
				must(t, r.RegisterClient(ctx, "c", "p", named("m")))
				<-time.After(2 * time.Second) // of the bubble
				if lines := logged.AllEntries(); len(lines) > 0 {
					t.Fatalf("logged in good health: %s", lines[0].Message)
				}
				if c.answer == "" {
					at := r.Position()
					now := fmt.Sprint(time.Now().UnixMilli())
					c.answer = "*6\r\n"
					for _, v := range []string{"same", now, at.Epoch, fmt.Sprint(at.Revision - 1), "another", ""} {
						c.answer += fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
					}
				}
				p.treat(c.matches, c.answer)
				if name == "no memory" {
					waits(t, r.SetModelQuotaExceeded(ctx, "c", "m"))
				}
				eventually(t, "it is logged", func() bool { return said(logged, c.says) > 0 })
				<-time.After(70 * time.Second) // of the bubble
				if n := said(logged, c.says); n != 2 {
					t.Errorf("after 70 s it was logged %d times, want once and a reminder", n)
				}
				if h := r.Health(); c.says != "the lease was not renewed" && !h.Stale {
					t.Errorf("the view is not fed, and not stale: %+v", h)
				}
				if n := len(logged.AllEntries()); n > 4 { // what follows from it may be logged as well
					for _, one := range logged.AllEntries() {
						t.Log(one.Message, one.Data)
					}
					t.Errorf("%d lines in all", n)
				}
				p.treat(nil, "")
				if c.ends != "" {
					eventually(t, "its end is logged", func() bool { return said(logged, c.ends) == 1 })
				}
			})
		})
	}
}

// readsFeed matches every read of the feed, whether it waits or not.
func readsFeed(request []byte) bool {
	lower := bytes.ToLower(request)
	return bytes.Contains(lower, []byte("xread\r\n")) || bytes.Contains(lower, []byte("xrange\r\n"))
}
