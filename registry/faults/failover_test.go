package faults

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestSentinelRollback cuts the replication link, lets the load write on, and kills the primary: what was acknowledged
// since is not on the node that is promoted. The owners bring it back.
func TestSentinelRollback(t *testing.T) {
	t.Parallel()
	long(t)
	s := redistest.Sentinel(t)
	f := newFleet(t, s, fleetOptions{lease: 15 * time.Second})
	sentinel := redis.NewSentinelClient(&redis.Options{Addr: s.Addr()})
	defer sentinel.Close()
	known, err := sentinel.Replicas(t.Context(), redistest.MasterName).Result()
	must(t, err)
	replica := redis.NewClient(&redis.Options{Addr: net.JoinHostPort(known[0]["ip"], known[0]["port"])})
	defer replica.Close()
	primary := redis.NewClient(&redis.Options{Addr: s.Primary(t)})
	defer primary.Close()
	// A replica that gives a password where none is wanted is turned away.
	must(t, replica.ConfigSet(t.Context(), "masterauth", "wrong").Err())
	eventually(t, "the link is down", func() error {
		if err := primary.Do(t.Context(), "CLIENT", "KILL", "TYPE", "replica").Err(); err != nil {
			return err
		}
		if info := replica.Info(t.Context(), "replication").Val(); !strings.Contains(info, "master_link_status:down") {
			return errors.New("it is up")
		}
		return nil
	})
	before := revisionIn(t, replica, f)
	f.warm()
	f.warm()
	if after := revisionIn(t, primary, f); after < before+50 || revisionIn(t, replica, f) != before {
		t.Fatalf("from revision %d to %d, the replica is at %d", before, after, revisionIn(t, replica, f))
	}
	f.fault(func() { s.KillPrimary(t) })
	f.notice()
	promoted := net.JoinHostPort(known[0]["ip"], known[0]["port"])
	eventually(t, "Sentinel names the replica as the primary", func() error {
		addr, err := sentinel.GetMasterAddrByName(t.Context(), redistest.MasterName).Result()
		if err == nil && net.JoinHostPort(addr[0], addr[1]) != promoted {
			err = errors.New("not yet")
		}
		return err
	})
	f.recovered(time.Now(), true)
	f.settle()
}

func revisionIn(t *testing.T, c *redis.Client, f *fleet) int {
	t.Helper()
	rev, err := c.HGet(t.Context(), f.key("meta"), "rev").Int()
	must(t, err)
	return rev
}

// TestClusterFailover kills the node that serves the namespace; its replica takes over.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	long(t)
	s := redistest.ClusterWith(t, redistest.ClusterOptions{Masters: 3, ReplicasEach: 1})
	f := newFleet(t, s, fleetOptions{lease: 15 * time.Second})
	var killed string
	f.fault(func() { killed = s.KillOwner(t, f.key("meta")) })
	f.notice()
	eventually(t, "another node serves the slot", func() error {
		for _, addr := range s.Addrs() {
			if addr == killed {
				continue
			}
			c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
			err := c.HGet(t.Context(), f.key("meta"), "rev").Err()
			_ = c.Close()
			if err == nil {
				return nil
			}
		}
		return errors.New("not yet")
	})
	promoted := time.Now()
	eventually(t, "all replicas have recovered", func() error {
		for n, r := range f.replicas {
			if h := r.Health(); !h.Connected || h.Stale || h.Pending > 0 {
				return fmt.Errorf("replica %d: %+v", n, h)
			}
		}
		return nil
	})
	// Whether the last writes had reached the promoted node is up to Redis.
	f.recovered(promoted, false)
	f.settle()
}

// TestSlotMoves moves the namespace's slot to another node of a cluster.
func TestSlotMoves(t *testing.T) {
	t.Parallel()
	long(t)
	s := redistest.Cluster(t, 3)
	f := newFleet(t, s, fleetOptions{lease: 15 * time.Second})
	ctx := t.Context()
	from := s.Owner(t, f.key("meta"))
	to := s.Addrs()[0]
	if to == from {
		to = s.Addrs()[1]
	}
	source, target := redis.NewClient(&redis.Options{Addr: from}), redis.NewClient(&redis.Options{Addr: to})
	defer source.Close()
	defer target.Close()
	slot := source.ClusterKeySlot(ctx, f.key("meta")).Val()
	host, port, err := net.SplitHostPort(to)
	must(t, err)
	sourceID, targetID := source.ClusterMyID(ctx).Val(), target.ClusterMyID(ctx).Val()
	f.fault(func() {
		must(t, target.Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", sourceID).Err())
		must(t, source.Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", targetID).Err())
		for {
			keys := source.ClusterGetKeysInSlot(ctx, int(slot), 5).Val()
			if len(keys) == 0 {
				break
			}
			args := []any{"MIGRATE", host, port, "", 0, 5000, "KEYS"}
			for _, key := range keys {
				args = append(args, key)
			}
			must(t, source.Do(ctx, args...).Err())
		}
		for _, node := range []*redis.Client{target, source} {
			must(t, node.Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", targetID).Err())
		}
	})
	f.recovered(time.Now(), false)
	f.settle()
}
