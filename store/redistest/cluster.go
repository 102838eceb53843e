package redistest

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slots is the number of hash slots in every Redis Cluster.
const slots = 16384

// ClusterOptions adjusts a cluster.
type ClusterOptions struct {
	// Masters is the number of nodes with slots, at least 1. A failover needs 3.
	Masters int
	// ReplicasEach is the number of replicas of each master.
	ReplicasEach int
	// Config are further arguments of every node.
	Config []string
}

// Cluster starts a Redis Cluster of so many masters without replicas.
func Cluster(tb testing.TB, masters int) *Server {
	tb.Helper()
	return ClusterWith(tb, ClusterOptions{Masters: masters})
}

// ClusterWith starts a Redis Cluster and returns when every node sees all slots served and every replica is in sync.
// A node counts as failed after a second of silence (cluster-node-timeout).
func ClusterWith(tb testing.TB, o ClusterOptions) *Server {
	tb.Helper()
	if o.Masters < 1 || o.ReplicasEach < 0 {
		tb.Fatalf("redistest: a cluster needs 1 master or more and 0 replicas or more, not %d and %d",
			o.Masters, o.ReplicasEach)
	}
	ctx, cancel := limited(tb, startLimit)
	defer cancel()
	s := &Server{kind: kindCluster}
	dirs, err := makeDirs(tb.TempDir(), o.Masters*(1+o.ReplicasEach))
	demand(tb, err)
	tb.Cleanup(s.stop) // after TempDir, so before the directories go
	for i, dir := range dirs {
		p, err := newClusterNode(dir, o.Config)
		demand(tb, err)
		s.processes = append(s.processes, p)
		s.addrs = append(s.addrs, p.addr())
		s.user, err = p.restrict(OnCluster)
		demand(tb, err)
		if err := p.start(ctx); err != nil {
			tb.Fatalf("redistest: node %d of a cluster: %v", i, err)
		}
	}
	if err := s.assemble(ctx, o); err != nil {
		tb.Fatalf("redistest: assembling a cluster: %v", err)
	}
	return s
}

// newClusterNode is a node that knows nobody yet; not started.
func newClusterNode(dir string, config []string) (*process, error) {
	p, err := newProcess(dir, "")
	if err != nil {
		return nil, err
	}
	// The default bus port is the port + 10000, which need not exist.
	bus, release, err := reservePort()
	if err != nil {
		p.stop()
		return nil, err
	}
	p.busPort = bus
	p.release = append(p.release, release)
	p.args = append(p.args,
		"--cluster-enabled", "yes",
		"--cluster-config-file", filepath.Join(dir, "nodes.conf"),
		"--cluster-node-timeout", "1000",
		"--cluster-port", strconv.Itoa(bus))
	p.args = append(p.args, config...)
	return p, nil
}

// assemble makes one cluster of the nodes: the first o.Masters share the slots, the others replicate them in turn. It
// does what redis-cli --cluster create does, which refuses fewer than three masters.
func (s *Server) assemble(ctx context.Context, o ClusterOptions) error {
	nodes := make([]*redis.Client, len(s.processes))
	for i, p := range s.processes {
		nodes[i] = p.connect()
		defer nodes[i].Close()
	}
	masters := make([]string, o.Masters)
	for i, node := range nodes {
		if err := node.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("numbering node %d: %w", i, err)
		}
		if i < o.Masters {
			if err := node.ClusterAddSlotsRange(ctx, i*slots/o.Masters, (i+1)*slots/o.Masters-1).Err(); err != nil {
				return fmt.Errorf("giving node %d its slots: %w", i, err)
			}
			id, err := node.ClusterMyID(ctx).Result()
			if err != nil {
				return fmt.Errorf("asking node %d for its ID: %w", i, err)
			}
			masters[i] = id
		}
		for _, earlier := range s.processes[:i] {
			if err := node.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", earlier.port, earlier.busPort).Err(); err != nil {
				return fmt.Errorf("introducing node %d: %w", i, err)
			}
		}
	}
	for i := o.Masters; i < len(nodes); i++ {
		// A node can follow only whom it has met.
		err := await(ctx, fmt.Sprintf("node %d to replicate", i), func(ctx context.Context) error {
			return nodes[i].ClusterReplicate(ctx, masters[i%o.Masters]).Err()
		})
		if err != nil {
			return err
		}
	}
	for i, node := range nodes {
		err := await(ctx, fmt.Sprintf("node %d to see the whole cluster", i), func(ctx context.Context) error {
			return clusterComplete(ctx, node, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
