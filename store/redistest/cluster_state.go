package redistest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// clusterComplete is nil if node sees the cluster in order: every slot served, every master with its replicas, and the
// node itself, if it is a replica, in sync.
func clusterComplete(ctx context.Context, node *redis.Client, o ClusterOptions) error {
	info, err := node.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("cluster_state is not ok")
	}
	shards, err := node.ClusterShards(ctx).Result()
	if err != nil {
		return err
	}
	if len(shards) != o.Masters {
		return fmt.Errorf("%d masters seen, not %d", len(shards), o.Masters)
	}
	for _, shard := range shards {
		online := 0
		for _, n := range shard.Nodes {
			if n.Health == "online" {
				online++
			}
		}
		if online != 1+o.ReplicasEach {
			return fmt.Errorf("%d nodes online for slots %v, not %d", online, shard.Slots, 1+o.ReplicasEach)
		}
	}
	return inSync(ctx, node)
}

// inSync is nil if node is a primary, or a replica with a working link to one.
func inSync(ctx context.Context, node *redis.Client) error {
	info, err := node.Info(ctx, "replication").Result()
	if err != nil {
		return err
	}
	if strings.Contains(info, "role:slave") && !strings.Contains(info, "master_link_status:up") {
		return errors.New("the replica is not in sync")
	}
	return nil
}

// Owner is the address of the node that serves key, as the first living node of this cluster sees it; after a failure
// the others may see it a moment earlier or later.
func (s *Server) Owner(tb testing.TB, key string) string {
	tb.Helper()
	ctx, cancel := limited(tb, callLimit)
	defer cancel()
	for _, p := range s.processes {
		if !p.alive() {
			continue
		}
		addr, err := ownerSeenBy(ctx, p, key)
		if err != nil {
			tb.Fatalf("redistest: asking %s for the owner of %q: %v", p.addr(), key, err)
		}
		return addr
	}
	tb.Fatalf("redistest: no node of this %s is alive", s.kind)
	return ""
}

func ownerSeenBy(ctx context.Context, p *process, key string) (string, error) {
	c := p.connect()
	defer c.Close()
	slot, err := c.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return "", err
	}
	// CLUSTER SHARDS would also name, as of Redis 7.2, the dead primary of a shard that has a new one.
	ranges, err := c.ClusterSlots(ctx).Result() //lint:ignore SA1019 its successor does not tell who serves
	if err != nil {
		return "", err
	}
	for _, r := range ranges {
		if int64(r.Start) <= slot && slot <= int64(r.End) && len(r.Nodes) > 0 {
			return r.Nodes[0].Addr, nil // the primary comes first
		}
	}
	return "", fmt.Errorf("nobody serves slot %d", slot)
}

// KillOwner kills the node of this cluster that serves key (kill -9) and returns its address. A replica, if there is
// one, takes its slots over some seconds later, when more than half of the masters are left.
func (s *Server) KillOwner(tb testing.TB, key string) string {
	tb.Helper()
	addr := s.Owner(tb, key)
	s.killAt(tb, addr)
	return addr
}
