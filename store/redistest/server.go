package redistest

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// The kinds of server, as Server.Kind names them.
const (
	kindMiniredis = "miniredis"
	kindRedis     = "redis"
	kindCluster   = "cluster"
	kindSentinel  = "sentinel"
)

// Server is a Redis for tests, of whichever kind. Its methods may be called from several goroutines. It stops by
// itself at the end of the test that started it, a shared one in Main.
type Server struct {
	kind     string
	addrs    []string // what clients dial; for sentinels the sentinels
	user     string   // the documented user, where clients are to be that one
	password string   // of the default user

	mini   *miniredis.Miniredis // nil for processes
	pinned bool                 // mini's clock stands still and is ours to move
	dial   dialer               // in place of TCP; nil elsewhere

	processes []*process // those at addrs first, in the order of addrs
	clock     *clockFile // nil where a process has the clock of the machine
	moving    sync.Mutex // one Advance at a time
}

// dialer opens a connection, as redis.UniversalOptions wants it.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Kind names what this is: "miniredis", "redis", "cluster" or "sentinel".
func (s *Server) Kind() string { return s.kind }

// Addr is host:port of the server, for a cluster of its first node, for sentinels of the first sentinel. For
// MiniredisLive it is a name that does not resolve.
func (s *Server) Addr() string { return s.addrs[0] }

// Addrs are all the addresses a client may begin with: one, or every node of a cluster, or every sentinel.
func (s *Server) Addrs() []string { return append([]string(nil), s.addrs...) }

// PID is the process ID of the server at Addr, 0 for a miniredis. Restart changes it.
func (s *Server) PID() int {
	if len(s.processes) == 0 {
		return 0
	}
	return s.processes[0].pid()
}

// Miniredis is the miniredis behind this server; nil for processes. Move its clock with Advance, not with SetTime.
func (s *Server) Miniredis() *miniredis.Miniredis { return s.mini }

// URL is the server's URL: redis://, redis+cluster:// or redis+sentinel://, with user and password if there are any.
// That of MiniredisLive cannot be dialled; use Options or Client there.
func (s *Server) URL() string { return s.url(s.addrs) }

// URLAt is URL with another address, such as that of a Proxy before the server.
func (s *Server) URLAt(addr string) string { return s.url([]string{addr}) }

func (s *Server) url(addrs []string) string {
	u := url.URL{Scheme: "redis", Host: addrs[0]}
	var query []string
	switch {
	case s.user != "" && s.kind == kindSentinel: // before the @ stands who one is to the sentinels
		query = append(query, "username="+s.user, "password="+documentedPassword)
	case s.user != "":
		u.User = url.UserPassword(s.user, documentedPassword)
	case s.password != "":
		u.User = url.UserPassword("", s.password)
	}
	switch s.kind {
	case kindCluster:
		u.Scheme = "redis+cluster"
	case kindSentinel:
		u.Scheme = "redis+sentinel"
		query = append(query, "master_name="+MasterName)
	}
	for _, addr := range addrs[1:] {
		query = append(query, "addr="+addr)
	}
	u.RawQuery = strings.Join(query, "&")
	return u.String()
}

// Options are the options of this server's clients, a fresh copy: no retries of commands or dials, deadlines of
// contexts respected, half a minute for what has none, nothing asked of the server beyond what the caller asks.
func (s *Server) Options() *redis.UniversalOptions {
	o := &redis.UniversalOptions{
		Addrs:                 s.Addrs(),
		Password:              s.password,
		Dialer:                s.dial,
		MaxRetries:            -1,
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
		DialTimeout:           callLimit, // what go-redis has, 3 to 5 s, a busy machine exceeds
		PoolTimeout:           callLimit,
		ReadTimeout:           callLimit,
		WriteTimeout:          callLimit,
		DisableIdentity:       true,
		IsClusterMode:         s.kind == kindCluster,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},
	}
	if s.user != "" {
		o.Username, o.Password = s.user, documentedPassword
	}
	if s.kind == kindSentinel {
		o.MasterName = MasterName
	}
	return o
}

// Client is a new client made of Options, closed at the end of the test. That of a cluster looks at the cluster's
// state every second, so that it finds its way after a failover.
func (s *Server) Client(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	c := s.connect()
	s.closeLater(tb, c)
	return c
}

func (s *Server) closeLater(tb testing.TB, c redis.UniversalClient) {
	tb.Helper()
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Logf("redistest: closing a client of %s: %v", s.Addr(), err)
		}
	})
}

// connect is a new client; the caller closes it.
func (s *Server) connect() redis.UniversalClient {
	if s.kind != kindCluster {
		return redis.NewUniversalClient(s.Options())
	}
	o := s.Options().Cluster()
	o.ClusterStateReloadInterval = time.Second
	return redis.NewClusterClient(o)
}

// stop ends the server's processes and gives its ports back.
func (s *Server) stop() {
	for _, p := range s.processes {
		p.stop()
	}
}
