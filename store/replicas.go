package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Head is where the feed ends, with what is known of the replicas.
type Head struct {
	Position Position
	Time     time.Time // the server's
	Replicas int       // with a lease that is not over
	Began    time.Time // when the epoch began, by the server's clock
	// FirstLease is the lease that ends first; it is how long that replica is taken to live.
	FirstLease Lease
}

// Lease is how long a replica is taken to live without a word from it.
type Lease struct {
	Replica string
	Ends    time.Time // by the server's clock
}

func head(reply Reply, err error) (Head, error) {
	if err != nil {
		return Head{}, err
	}
	h := Head{Position: reply.Position, Time: reply.Time}
	if reply.extra == "" {
		return h, nil
	}
	fields := strings.SplitN(reply.extra, " ", 4)
	if len(fields) != 4 {
		return Head{}, fmt.Errorf("reply %q: want 4 fields", reply.extra)
	}
	var began, ends int64
	var errs [3]error
	h.Replicas, errs[0] = strconv.Atoi(fields[0])
	began, errs[1] = strconv.ParseInt(fields[1], 10, 64)
	ends, errs[2] = strconv.ParseInt(fields[2], 10, 64)
	h.Began, h.FirstLease = time.UnixMilli(began), Lease{fields[3], time.UnixMilli(ends)}
	if err := errors.Join(errs[:]...); err != nil {
		return Head{}, fmt.Errorf("reply %q: %w", reply.extra, err)
	}
	return h, nil
}

// Head reads where the feed ends, and writes nothing. ErrEmpty for a namespace without data, ErrBroken for one that
// lost a part of them.
func (s *Store) Head(ctx context.Context) (Head, error) {
	return head(s.run(ctx, call{verb: "head", parting: true}))
}

// TakenError says that another process lives under this replica's name.
type TakenError struct {
	Lease  time.Time // until when it is taken to live, by the server's clock
	Record string    // its description, as JSON
}

// Error implements error.
func (e *TakenError) Error() string { return "another process is this replica: " + e.Record }

// Join makes this process known under the replica's name and starts its lease. The record describes it, as JSON. While
// another process lives under the name, a *TakenError; with that error's Lease given back as seen, Join takes over if
// the other did not renew meanwhile. Other errors as for Head.
func (s *Store) Join(ctx context.Context, lease time.Duration, record string, seen time.Time) (Head, error) {
	s.lease.Store(lease.Milliseconds())
	last := int64(0)
	if !seen.IsZero() {
		last = seen.UnixMilli()
	}
	reply, err := s.run(ctx, call{verb: "join", args: []any{lease.Milliseconds(), s.instance, record, last}})
	if err == nil && !reply.Changed {
		ends, other, _ := strings.Cut(reply.extra, " ")
		ms, _ := strconv.ParseInt(ends, 10, 64) // written by the script
		return Head{}, &TakenError{time.UnixMilli(ms), other}
	}
	return head(reply, err)
}

// Heartbeat renews this replica's lease. joined is false when the lease was gone, or another process took the name:
// then this replica must join again.
func (s *Store) Heartbeat(ctx context.Context, lease time.Duration) (h Head, joined bool, err error) {
	reply, err := s.run(ctx, call{verb: "heartbeat", args: []any{lease.Milliseconds(), s.instance}})
	h, err = head(reply, err)
	return h, reply.Changed, err
}

// Begin starts a new epoch on an emptied namespace, above the revision of last, unless the head is no longer what
// expected says: then another replica was first, nothing changes, and began is false.
func (s *Store) Begin(ctx context.Context, expected, last Position, reason string) (began bool, err error) {
	reply, err := s.run(ctx, call{verb: "begin", args: []any{
		expected.Epoch, expected.Nonce, newEpoch(), max(expected.Revision, last.Revision), escape(reason),
	}})
	return reply.Changed, err
}

// Trace reads what is left of a head, without the checks of Head: of an empty namespace the zero Position.
func (s *Store) Trace(ctx context.Context) (Position, error) {
	stored, _, err := retried(ctx, func(ctx context.Context) ([]any, struct{}, error) {
		stored, err := s.client.HMGet(ctx, s.keys.meta(), "epoch", "rev", "tail").Result()
		return stored, struct{}{}, err
	})
	if err != nil {
		return Position{}, fmt.Errorf("read head: %w", unsafe(err))
	}
	epoch, _ := stored[0].(string)
	text, _ := stored[1].(string)
	tail, _ := stored[2].(string)
	revision, _ := strconv.ParseUint(text, 10, 64)
	return Position{epoch, revision, tail}, nil
}

// Keeps says whether the history up to a head, of the same epoch, has a position in it: not when it went back behind, or
// was written anew from before. Where the feed no longer has entries of that age the answer is yes.
func (s *Store) Keeps(ctx context.Context, head, position Position) (bool, error) {
	if head.Revision <= position.Revision {
		return head == position, nil
	}
	id := strconv.FormatUint(position.Revision, 10) + "-0"
	messages, _, err := retried(ctx, func(ctx context.Context) ([]redis.XMessage, struct{}, error) {
		messages, err := s.client.XRange(ctx, s.keys.feed(), id, id).Result()
		return messages, struct{}{}, err
	})
	if err != nil {
		return false, fmt.Errorf("read feed: %w", unsafe(err))
	}
	return len(messages) == 0 || messages[0].Values["nonce"] == position.Nonce, nil
}

// wait is how long a mark without a deadline waits for the return of its client.
const wait = 24 * time.Hour

// Release gives up all holds of this replica, its lease and its record. Clients that nobody else holds go; their marks
// wait for their return until their deadlines, those without one for a day. A process whose name another one took gives
// up nothing: what is held under it is the other's.
func (s *Store) Release(ctx context.Context) error { return s.release(ctx, s.replica, 0, s.instance) }

// Reap does the same for another replica, if its lease is over. lease is the caller's own.
func (s *Store) Reap(ctx context.Context, replica string, lease time.Duration) error {
	return s.release(ctx, replica, lease, "")
}

func (s *Store) release(ctx context.Context, holder string, lease time.Duration, instance string) error {
	for {
		reply, err := s.run(ctx, call{verb: "release", holder: holder, parting: holder == s.replica,
			args: []any{wait.Milliseconds(), lease.Milliseconds(), "", "", instance}})
		if errors.Is(err, ErrTaken) {
			return nil // what is held is the other's
		}
		if err != nil {
			return err
		}
		if reply.extra == "0" {
			return nil
		}
	}
}
