package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Head is where the feed ends.
type Head struct {
	Position Position
	Time     time.Time // the server's
	Replicas int       // with a lease that is not over
}

func head(reply Reply, err error) (Head, error) {
	if err != nil {
		return Head{}, err
	}
	replicas, _ := strconv.Atoi(reply.extra)
	return Head{Position: reply.Position, Time: reply.Time, Replicas: replicas}, nil
}

// Head reads where the feed ends, and writes nothing. ErrEmpty for a namespace without data, ErrBroken for one that
// lost a part of them.
func (s *Store) Head(ctx context.Context) (Head, error) {
	return head(s.run(ctx, call{verb: "head"}))
}

// Join makes this replica known and starts its lease. The record describes it, as JSON. Errors as for Head.
func (s *Store) Join(ctx context.Context, lease time.Duration, record string) (Head, error) {
	return head(s.run(ctx, call{verb: "join", args: []any{lease.Milliseconds(), record}}))
}

// Heartbeat renews this replica's lease. joined is false when the lease was gone: then this replica must join again.
func (s *Store) Heartbeat(ctx context.Context, lease time.Duration) (h Head, joined bool, err error) {
	reply, err := s.run(ctx, call{verb: "heartbeat", args: []any{lease.Milliseconds()}})
	h, err = head(reply, err)
	return h, reply.Changed, err
}

// Begin starts a new epoch on an emptied namespace, above the revision of last, unless another replica was first: then
// it changes nothing. It returns the head either way.
func (s *Store) Begin(ctx context.Context, last Position, reason string) (Head, error) {
	stored, err := s.client.HMGet(ctx, s.keys.meta(), "epoch", "tail").Result()
	if err != nil {
		return Head{}, fmt.Errorf("begin: %w: %w", ErrUnavailable, err)
	}
	epoch, _ := stored[0].(string)
	tail, _ := stored[1].(string)
	return head(s.run(ctx, call{verb: "begin", args: []any{epoch, tail, newEpoch(), last.Revision, reason}}))
}

// wait is how long a mark without a deadline waits for the return of its client.
const wait = 24 * time.Hour

// Release gives up all holds of this replica, its lease and its record. Clients that nobody else holds go; their marks
// wait for their return until their deadlines, those without one for a day.
func (s *Store) Release(ctx context.Context) error {
	for {
		reply, err := s.run(ctx, call{verb: "release", args: []any{wait.Milliseconds(), "0"}})
		if err != nil {
			return err
		}
		if reply.extra == "0" {
			return nil
		}
	}
}

// CheckConnection asks Redis for a PING, so that a wrong password or a missing right is told before anything else.
func (s *Store) CheckConnection(ctx context.Context) error {
	err := s.client.Ping(ctx).Err()
	if err == nil {
		return nil
	}
	if refused := unsafe(err); errors.Is(refused, ErrInvalid) || errors.Is(refused, ErrUnsafeServer) {
		return refused
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
