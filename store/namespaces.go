package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// NamespaceStatus is one namespace of a Redis.
type NamespaceStatus struct {
	Namespace string   `json:"namespace"`
	Position  Position `json:"position"` // its head
	Clients   int      `json:"clients"`
	Replicas  int      `json:"replicas"` // that live
	// LastSeen is when a replica was heard of last, or something written, by Redis' clock.
	LastSeen time.Time `json:"last_seen"`
}

// Namespaces lists the namespaces of this Redis by name, on a cluster those of all its nodes. It looks through all keys
// of the Redis, in pages. ErrUnsafeServer where the user may not use SCAN, which nothing else needs.
func (s *Store) Namespaces(ctx context.Context) ([]NamespaceStatus, error) {
	if _, err := s.Head(ctx); err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrBroken) {
		return nil, err // a head tells the time, too
	}
	found := make(map[string]bool)
	err := s.scanKeys(ctx, "rollcall:{*}:meta", func(key string) {
		name := strings.TrimSuffix(strings.TrimPrefix(key, "rollcall:{"), "}:meta")
		found[name] = true
	})
	if err != nil {
		return nil, err
	}
	namespaces := []NamespaceStatus{}
	for name := range found {
		one, err := s.namespaceStatus(ctx, name)
		if err != nil {
			return nil, err
		}
		namespaces = append(namespaces, one)
	}
	slices.SortFunc(namespaces, func(a, b NamespaceStatus) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return namespaces, nil
}

func (s *Store) namespaceStatus(ctx context.Context, name string) (NamespaceStatus, error) {
	k := newKeys(name)
	var meta *redis.SliceCmd
	var clients, replicas *redis.IntCmd
	_, _, err := retried(ctx, func(ctx context.Context) (struct{}, struct{}, error) {
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			meta = pipe.HMGet(ctx, k.meta(), "epoch", "rev", "tail", "now", "beat")
			clients = pipe.HLen(ctx, k.clients())
			replicas = pipe.ZCount(ctx, k.leases(), "("+strconv.FormatInt(s.clock.Millis(), 10), "+inf")
			return nil
		})
		return struct{}{}, struct{}{}, err
	})
	if err != nil {
		return NamespaceStatus{}, fmt.Errorf("look at namespace %s: %w", name, s.refusal(err))
	}
	text := func(i int) string { value, _ := meta.Val()[i].(string); return value }
	number := func(i int) int64 { n, _ := strconv.ParseInt(text(i), 10, 64); return n }
	return NamespaceStatus{
		Namespace: name, Position: Position{text(0), uint64(number(1)), text(2)},
		Clients: int(clients.Val()), Replicas: int(replicas.Val()),
		LastSeen: time.UnixMilli(max(number(3), number(4))).UTC(),
	}, nil
}

// scanKeys hands over the keys of the Redis that match a pattern, some perhaps twice; on a cluster those of every
// primary.
func (s *Store) scanKeys(ctx context.Context, pattern string, f func(key string)) error {
	var one sync.Mutex // a cluster's nodes are asked at the same time
	scan := func(ctx context.Context, node redis.Cmdable) error {
		for cursor := uint64(0); ; {
			keys, next, err := retried(ctx, func(ctx context.Context) ([]string, uint64, error) {
				return node.Scan(ctx, cursor, pattern, scanPage).Result()
			})
			if err != nil {
				return fmt.Errorf("look through the keys: %w", s.refusal(err))
			}
			one.Lock()
			for _, key := range keys {
				f(key)
			}
			one.Unlock()
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scan(ctx, node) })
	}
	return scan(ctx, s.client)
}

// unlinkPage is how many keys go at once; Redis frees what they held in the background.
const unlinkPage = 500

// Drop removes this store's namespace with all that is in it, and returns how many keys that were. ErrEmpty where there
// is none, ErrLive while replicas live, unless it is forced: then these bring their clients into an empty namespace.
func (s *Store) Drop(ctx context.Context, force bool) (removed int, err error) {
	replicas, err := s.Replicas(ctx)
	if err != nil {
		return 0, err
	}
	live := 0
	for _, one := range replicas {
		if one.Live {
			live++
		}
	}
	if live > 0 && !force {
		return 0, fmt.Errorf("drop: %w: %d", ErrLive, live)
	}
	keys, err := s.ownKeys(ctx)
	if err != nil {
		return 0, err
	}
	for page := range slices.Chunk(keys, unlinkPage) {
		gone, _, err := retried(ctx, func(ctx context.Context) (int64, struct{}, error) {
			gone, err := s.client.Unlink(ctx, page...).Result()
			return gone, struct{}{}, err
		})
		if err != nil {
			return removed, fmt.Errorf("drop: %w", s.refusal(err))
		}
		removed += int(gone)
	}
	if removed == 0 {
		return 0, fmt.Errorf("drop: %w", ErrEmpty)
	}
	return removed, nil
}

// ownKeys lists the keys that the namespace may have; meta is the last, so that what a drop leaves behind that was cut
// short is listed as a namespace still.
func (s *Store) ownKeys(ctx context.Context) ([]string, error) {
	own := make(map[string]bool)
	for _, key := range s.keys.all(s.replica) {
		own[key] = true
	}
	err := errors.Join(
		s.scan(ctx, s.keys.meta(), func(field, _ string) error {
			if strings.HasPrefix(field, "holds:") {
				own[s.keys.prefix+field] = true
			}
			return nil
		}),
		s.scan(ctx, s.keys.clients(), func(_, text string) error {
			record, err := decodeClient(text)
			if err == nil {
				for _, holder := range record.Holders {
					own[s.keys.holds(holder)] = true
				}
			}
			return nil // a damaged record is dropped, too
		}))
	if err != nil {
		return nil, err
	}
	// Sets of replicas of an earlier epoch are found only by looking through all keys, for which the user may have no
	// right.
	err = s.scanKeys(ctx, s.keys.prefix+"*", func(key string) { own[key] = true })
	if err != nil && !errors.Is(err, ErrUnsafeServer) {
		return nil, err
	}
	delete(own, s.keys.meta())
	keys := make([]string, 0, len(own)+1)
	for key := range own {
		keys = append(keys, key)
	}
	return append(keys, s.keys.meta()), nil
}
