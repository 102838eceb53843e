package redistest

import (
	"context"
	"strconv"
	"testing"
)

// Options adjusts a Redis. The zero value works.
type Options struct {
	// Config are further arguments of redis-server, such as "--maxmemory", "10mb". They come last, so they win.
	Config []string
	// Password is what clients must give (requirepass); URL, Options and Client give it. Empty means none.
	Password string
	// MovableClock lets Advance move the server's clock. Such a server runs under libfaketime and is slower: a
	// question for the time costs it some 30 us. Durations measured on it mean little. A server that the environment
	// names may be built for another C library than libfaketime: it keeps the machine's clock, and Advance skips the test.
	MovableClock bool
}

// Redis starts a redis-server of the test's own, at most one Options given. It keeps nothing on disk. It is killed at
// the end of the test.
func Redis(tb testing.TB, opts ...Options) *Server {
	tb.Helper()
	if len(opts) > 1 {
		tb.Fatalf("redistest: Redis takes at most one Options, not %d", len(opts))
	}
	var o Options
	if len(opts) == 1 {
		o = opts[0]
	}
	ctx, cancel := limited(tb, startLimit)
	defer cancel()
	s, err := startRedis(ctx, tb.TempDir(), o)
	demand(tb, err)
	tb.Cleanup(s.stop)
	return s
}

// startRedis starts a redis-server with dir as its directory. The caller stops it.
func startRedis(ctx context.Context, dir string, o Options) (*Server, error) {
	var clock *clockFile
	var env []string
	if o.MovableClock && !otherServer() {
		library, err := faketimeLibrary()
		if err != nil {
			return nil, err
		}
		if clock, err = newClockFile(dir); err != nil {
			return nil, err
		}
		env = clock.environment(library)
	}
	p, err := newProcess(dir, o.Password)
	if err != nil {
		return nil, err
	}
	p.env = env
	user, err := p.restrict()
	if err != nil {
		p.stop()
		return nil, err
	}
	p.args = append(p.args, o.Config...)
	if err := p.start(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return &Server{
		kind:      kindRedis,
		addrs:     []string{p.addr()},
		user:      user,
		password:  o.Password,
		processes: []*process{p},
		clock:     clock,
	}, nil
}

// newProcess is a redis-server with a port and the arguments all of ours have; not yet started.
func newProcess(dir, password string) (*process, error) {
	path, err := serverProgram()
	if err != nil {
		return nil, err
	}
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	p := &process{path: path, dir: dir, port: port, password: password, release: []func(){release}}
	p.args = []string{
		"--port", strconv.Itoa(port),
		"--bind", "127.0.0.1",
		"--dir", dir,
		"--daemonize", "no",
		"--save", "",
		"--appendonly", "no",
		// By default a replica's first copy waits 5 s for others to join, and a cluster hides a replica from clients
		// until its primary has sent it something, which an idle one does every 10 s.
		"--repl-diskless-sync-delay", "0",
		"--repl-ping-replica-period", "1",
	}
	if password != "" {
		p.args = append(p.args, "--requirepass", password)
	}
	return p, nil
}
