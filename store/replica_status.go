package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ReplicaStatus is a replica as Redis knows it.
type ReplicaStatus struct {
	ReplicaID string `json:"replica"`
	// Host, PID, Version and Started are what the replica said of itself when it joined; zero where it did not say.
	Host    string    `json:"host,omitempty"`
	PID     int       `json:"pid,omitempty"`
	Version string    `json:"version,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// LeaseUntil is how long it is taken to live, by Redis' clock; zero for one that left a record but no lease.
	LeaseUntil time.Time `json:"lease_until,omitzero"`
	// Live says that the lease was not over when it was read. The clients of one that does not live are given up by
	// whichever replica notices first.
	Live    bool `json:"live"`
	Clients int  `json:"clients"` // how many it holds

	lease time.Duration // how long it said that its leases are; 0: it did not say
}

// Replicas lists the replicas of the namespace by ID, those included whose lease is over. None for a namespace without
// data; one that lost a part of them shows what is left.
func (s *Store) Replicas(ctx context.Context) ([]ReplicaStatus, error) {
	// The head tells the time, too.
	if _, err := s.Head(ctx); err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrBroken) {
		return nil, err
	}
	byID := make(map[string]*ReplicaStatus)
	status := func(id string) *ReplicaStatus {
		if byID[id] == nil {
			byID[id] = &ReplicaStatus{ReplicaID: id}
		}
		return byID[id]
	}
	if err := s.scan(ctx, s.keys.replicas(), func(id, record string) error {
		status(id).describe(record)
		return nil
	}); err != nil {
		return nil, err
	}
	leases, err := s.leases(ctx)
	if err != nil {
		return nil, err
	}
	for _, lease := range leases {
		one := status(lease.Replica)
		one.LeaseUntil, one.Live = lease.Ends, lease.Ends.UnixMilli() > s.clock.Millis()
	}
	replicas := make([]ReplicaStatus, 0, len(byID))
	for _, one := range byID {
		replicas = append(replicas, *one)
	}
	slices.SortFunc(replicas, func(a, b ReplicaStatus) int { return cmp.Compare(a.ReplicaID, b.ReplicaID) })
	return replicas, s.countHolds(ctx, replicas)
}

// leases reads all leases, those that are over included.
func (s *Store) leases(ctx context.Context) ([]Lease, error) {
	stored, _, err := retried(ctx, func(ctx context.Context) ([]redis.Z, struct{}, error) {
		stored, err := s.client.ZRangeWithScores(ctx, s.keys.leases(), 0, -1).Result()
		return stored, struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read leases: %w", unsafe(err))
	}
	leases := make([]Lease, len(stored))
	for i, one := range stored {
		leases[i].Replica, _ = one.Member.(string)
		leases[i].Ends = time.UnixMilli(int64(one.Score)).UTC()
	}
	return leases, nil
}

// describe takes what a replica's record says: instance, space, JSON. What cannot be read is not said.
func (r *ReplicaStatus) describe(record string) {
	_, text, _ := strings.Cut(record, " ")
	var said struct {
		Host    string    `json:"host"`
		PID     int       `json:"pid"`
		Version string    `json:"version"`
		Started time.Time `json:"started"`
		Lease   int64     `json:"lease_ms"`
	}
	if json.Unmarshal([]byte(text), &said) == nil {
		r.Host, r.PID, r.Version, r.Started = said.Host, said.PID, said.Version, said.Started
		r.lease = time.Duration(said.Lease) * time.Millisecond
	}
}

func (s *Store) countHolds(ctx context.Context, replicas []ReplicaStatus) error {
	if len(replicas) == 0 {
		return nil
	}
	counts, _, err := retried(ctx, func(ctx context.Context) ([]redis.Cmder, struct{}, error) {
		counts, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for _, one := range replicas {
				pipe.SCard(ctx, s.keys.holds(one.ReplicaID))
			}
			return nil
		})
		return counts, struct{}{}, err
	})
	if err != nil {
		return fmt.Errorf("count holds: %w", unsafe(err))
	}
	for i, count := range counts {
		replicas[i].Clients = int(count.(*redis.IntCmd).Val())
	}
	return nil
}
