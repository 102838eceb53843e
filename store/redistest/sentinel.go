package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// MasterName is the name under which the sentinels of Sentinel know their primary.
const MasterName = "mymaster"

// sentinels is how many watch; two of them must agree.
const sentinels = 3

// Sentinel starts a primary, a replica, and three sentinels, and returns when the replica is in sync and the sentinels
// know the replica and each other, which takes seconds. They take the primary for dead after a second of silence.
func Sentinel(tb testing.TB) *Server {
	tb.Helper()
	ctx, cancel := limited(tb, startLimit)
	defer cancel()
	s := &Server{kind: kindSentinel}
	dir := tb.TempDir() // before Cleanup: it has to outlive the processes
	tb.Cleanup(s.stop)
	demand(tb, s.prepareSentinel(dir))
	watching, data := s.processes[:sentinels], s.processes[sentinels:]
	for _, p := range data {
		demand(tb, p.start(ctx))
	}
	// A sentinel asks the primary for its replicas at once and then every 10 s, so the replica has to be there first.
	demand(tb, await(ctx, "the replica", func(ctx context.Context) error {
		c := data[1].connect()
		defer c.Close()
		return inSync(ctx, c)
	}))
	for _, p := range watching {
		demand(tb, p.start(ctx))
	}
	for _, p := range watching {
		demand(tb, await(ctx, "the sentinel at "+p.addr()+" to know the others", p.sentinelReady))
	}
	return s
}

// prepareSentinel makes the processes: the sentinels, then the primary, then the replica. None is started.
func (s *Server) prepareSentinel(dir string) error {
	dirs, err := makeDirs(dir, sentinels+2)
	if err != nil {
		return err
	}
	primary, err := newProcess(dirs[sentinels], "")
	if err != nil {
		return err
	}
	s.processes = []*process{primary} // so that its port is given back if the rest fails
	replica, err := newProcess(dirs[sentinels+1], "")
	if err != nil {
		return err
	}
	s.processes = append(s.processes, replica)
	for _, p := range s.processes {
		if s.user, err = p.restrict(); err != nil {
			return err
		}
	}
	replica.args = append(replica.args, "--replicaof", "127.0.0.1 "+strconv.Itoa(primary.port))
	for _, dir := range dirs[:sentinels] {
		p, err := newSentinel(dir, primary.port)
		if err != nil {
			return err
		}
		s.addrs = append(s.addrs, p.addr())
		s.processes = append(s.processes, p)
	}
	s.processes = append(s.processes[2:], primary, replica)
	return nil
}

// newSentinel is a sentinel with its configuration file, which it rewrites as it learns; not started.
func newSentinel(dir string, primaryPort int) (*process, error) {
	path, err := serverProgram()
	if err != nil {
		return nil, err
	}
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf(`port %d
bind 127.0.0.1
dir "%s"
sentinel monitor %[3]s 127.0.0.1 %[4]d 2
sentinel down-after-milliseconds %[3]s 1000
sentinel failover-timeout %[3]s 3000
`, port, dir, MasterName, primaryPort)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		release()
		return nil, fmt.Errorf("configuring a sentinel: %w", err)
	}
	return &process{
		path:    path,
		args:    []string{config, "--sentinel"},
		dir:     dir,
		port:    port,
		release: []func(){release},
	}, nil
}

// sentinelReady is nil if this sentinel could lead a failover.
func (p *process) sentinelReady(ctx context.Context) error {
	c := redis.NewSentinelClient((&Server{addrs: []string{p.addr()}}).Options().Simple())
	defer c.Close()
	if err := c.CkQuorum(ctx, MasterName).Err(); err != nil {
		return err
	}
	primary, err := c.Master(ctx, MasterName).Result()
	if err != nil {
		return err
	}
	if primary["flags"] != "master" || primary["num-other-sentinels"] != strconv.Itoa(sentinels-1) {
		return fmt.Errorf("it sees the primary as %s, and %s others", primary["flags"], primary["num-other-sentinels"])
	}
	replicas, err := c.Replicas(ctx, MasterName).Result()
	if err != nil {
		return err
	}
	if len(replicas) != 1 || replicas[0]["flags"] != "slave" || replicas[0]["master-link-status"] != "ok" {
		return fmt.Errorf("it sees these replicas: %v", replicas)
	}
	return nil
}

// Primary is the address of the primary, as the first living sentinel of this server sees it: the old one until a
// failover is under way.
func (s *Server) Primary(tb testing.TB) string {
	tb.Helper()
	if s.kind != kindSentinel {
		tb.Fatalf("redistest: a %s has no sentinels", s.kind)
	}
	ctx, cancel := limited(tb, callLimit)
	defer cancel()
	for _, p := range s.processes[:sentinels] {
		if !p.alive() {
			continue
		}
		c := redis.NewSentinelClient((&Server{addrs: []string{p.addr()}}).Options().Simple())
		defer c.Close()
		addr, err := c.GetMasterAddrByName(ctx, MasterName).Result()
		if err != nil || len(addr) != 2 {
			tb.Fatalf("redistest: asking the sentinel at %s for the primary: %v %v", p.addr(), addr, err)
		}
		return net.JoinHostPort(addr[0], addr[1])
	}
	tb.Fatalf("redistest: no sentinel is alive")
	return ""
}

// KillPrimary kills the primary (kill -9) and returns its address. The sentinels promote the replica some two seconds
// later. Restart brings the old primary back, which they then make a replica.
func (s *Server) KillPrimary(tb testing.TB) string {
	tb.Helper()
	addr := s.Primary(tb)
	s.killAt(tb, addr)
	return addr
}
