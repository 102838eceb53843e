package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Repaired says what Repair did.
type Repaired string

// The ways to mend a namespace.
const (
	// RepairedByEpoch: replicas live. A new epoch began, and each of them brought its clients and marks; what only
	// replicas knew that are away, and marks that waited for the return of their client, is gone.
	RepairedByEpoch Repaired = "epoch"
	// RepairedByRecount: nobody lives. The numbers were computed anew from clients, rosters and marks, which stay, unless
	// they cannot be read: such clients and marks are gone. Other marks of such a client wait for its return.
	RepairedByRecount Repaired = "recount"
)

// Repair mends what Verify finds. Where replicas live, it returns when those have brought back all that they know, or
// ctx is over; their views show no gap meanwhile. ErrBroken where nobody lives and the list of models of a client is
// gone or cannot be read: the first replica that comes begins a new epoch then.
func (s *Store) Repair(ctx context.Context) (Repaired, error) {
	replicas, err := s.Replicas(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(replicas, func(r ReplicaStatus) bool { return r.Live }) {
		return RepairedByEpoch, s.beginAnew(ctx, replicas)
	}
	holders := make(map[string]bool)
	for _, one := range replicas {
		holders[one.ReplicaID] = true
	}
	if err := s.scan(ctx, s.keys.meta(), func(field, _ string) error {
		if replica, ok := strings.CutPrefix(field, "holds:"); ok {
			holders[replica] = true
		}
		return nil
	}); err != nil {
		return "", err
	}
	if err := s.scan(ctx, s.keys.clients(), func(_, text string) error {
		record, err := decodeClient(text)
		if err != nil {
			return nil // it goes
		}
		for _, holder := range record.Holders {
			holders[holder] = true
		}
		return nil
	}); err != nil {
		return "", err
	}
	holders[s.replica] = true // at least one
	for holder := range holders {
		if _, err := s.run(ctx, call{verb: "recount", holder: holder, args: []any{wait.Milliseconds()}}); err != nil {
			return "", err
		}
	}
	return RepairedByRecount, nil
}

// beginAnew begins an epoch and waits for the replicas that live.
func (s *Store) beginAnew(ctx context.Context, replicas []ReplicaStatus) error {
	found, err := s.Trace(ctx)
	if err != nil {
		return err
	}
	// Where another one was first, that did the same.
	if _, err := s.Begin(ctx, found, found, "repair"); err != nil {
		return err
	}
	var owing, left []string // fields of meta, and whose are not there yet
	for _, one := range replicas {
		if one.Live {
			owing, left = append(owing, "asserted:"+one.ReplicaID), append(left, one.ReplicaID)
		}
	}
	for attempt := 0; ; attempt++ {
		said, _, err := retried(ctx, func(ctx context.Context) ([]any, struct{}, error) {
			said, err := s.client.HMGet(ctx, s.keys.meta(), owing...).Result()
			return said, struct{}{}, err
		})
		switch {
		case err == nil:
			left = left[:0]
			for i, one := range said {
				if one == nil {
					left = append(left, strings.TrimPrefix(owing[i], "asserted:"))
				}
			}
		case ctx.Err() == nil:
			return fmt.Errorf("wait for replicas: %w", unsafe(err))
		}
		if len(left) == 0 {
			return nil
		}
		if backoff(ctx, max(attempt, 3)) != nil {
			return fmt.Errorf("a new epoch began, but not all replicas have brought their clients yet (%s): %w",
				strings.Join(left, ", "), errors.Join(ErrUnavailable, ctx.Err()))
		}
	}
}
