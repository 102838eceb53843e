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

// Snapshot is the content of a namespace, read in pages, with the entries that came in while it was read: the pages
// show every change up to Start and may show later ones; applying Entries in order makes it exact at Head.
type Snapshot struct {
	Start   Position
	Head    Position // the last entry's position
	Clients map[string]*ClientRecord
	Marks   []PairMark
	Entries []Entry
	// Evicted are the clients that were removed for everybody not long ago, with the revision that did it.
	Evicted map[string]uint64
	// Asserted are the replicas that have re-asserted all their clients in this epoch, up to Start.
	Asserted map[string]bool
	Began    time.Time // of the epoch, by the server's clock
	// Unreadable is the first of the records that cannot be read, which are left out; nil where all can.
	Unreadable *UnreadableError
}

// UnreadableError says where a record is that cannot be read. It is an ErrUnreadable, and so an ErrBroken.
type UnreadableError struct {
	Epoch string // in which it was found
	Key   string // of the namespace, without its prefix
	Field string
}

// Error implements error.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%v: field %.64q of %s", ErrUnreadable, e.Field, e.Key)
}

// Unwrap makes errors.Is(err, ErrUnreadable) true.
func (e *UnreadableError) Unwrap() error { return ErrUnreadable }

func (s *Snapshot) unreadable(key, field string) {
	if s.Unreadable == nil {
		s.Unreadable = &UnreadableError{s.Start.Epoch, key, field}
	}
}

const scanPage = 1000

// Snapshot reads everything but the catalogs. ErrEmpty and ErrBroken as for Head; a *DivergedError when history was
// lost while it read.
func (s *Store) Snapshot(ctx context.Context) (*Snapshot, error) {
	start, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	snapshot := &Snapshot{
		Start: start.Position, Head: start.Position, Began: start.Began,
		Clients: make(map[string]*ClientRecord), Asserted: make(map[string]bool), Evicted: make(map[string]uint64),
	}
	err = s.scan(ctx, s.keys.meta(), func(field, _ string) error {
		if replica, ok := strings.CutPrefix(field, "asserted:"); ok {
			snapshot.Asserted[replica] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.scan(ctx, s.keys.clients(), func(client, text string) error {
		record, err := decodeClient(text)
		if err != nil {
			snapshot.unreadable("clients", client)
			return nil
		}
		snapshot.Clients[client] = record
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Views do not need the lists of models, but a write that meets one which cannot be read waits until it is mended.
	err = s.scan(ctx, s.keys.rosters(), func(digest, text string) error {
		if _, err := decodeRoster(text); err != nil {
			snapshot.unreadable("rosters", digest)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	marks := make(map[string]PairMark)
	err = s.scan(ctx, s.keys.marks(), func(field, text string) error {
		pair, err := decodePair(field, text)
		if err != nil {
			snapshot.unreadable("marks", field)
			return nil
		}
		if evicted := decodeTombstone(text); pair.Model == "" && evicted > 0 {
			snapshot.Evicted[pair.Client] = evicted
		}
		if pair.Mark != nil {
			marks[field] = pair
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, pair := range marks {
		snapshot.Marks = append(snapshot.Marks, pair)
	}
	end, err := s.Head(ctx)
	if err != nil {
		return nil, err
	}
	for snapshot.Head != end.Position {
		entries, err := s.entries(ctx, snapshot.Head)
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 || snapshot.Head.Revision > end.Position.Revision {
			return nil, &DivergedError{Reason: "rollback"}
		}
		snapshot.Entries = append(snapshot.Entries, entries...)
		snapshot.Head = entries[len(entries)-1].Position
		if snapshot.Head.Revision >= end.Position.Revision {
			break // entries made after the second head are as welcome
		}
	}
	return snapshot, nil
}

// scan hands every field of a hash to f, some perhaps twice, in calls that stay short for Redis.
func (s *Store) scan(ctx context.Context, key string, f func(field, value string) error) error {
	for cursor := uint64(0); ; {
		page, next, err := retried(ctx, func(ctx context.Context) ([]string, uint64, error) {
			return s.client.HScan(ctx, key, cursor, "", scanPage).Result()
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", key, unsafe(err))
		}
		for i := 0; i+1 < len(page); i += 2 {
			if err := f(page[i], page[i+1]); err != nil {
				return fmt.Errorf("read %s: field %q: %w", key, page[i], err)
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// batchBytes is the size of replies to aim at when catalogs are fetched: larger ones would hold up Redis.
const batchBytes = 1 << 20

// Catalogs reads catalogs by digest, in batches of about 1 MB. Digests that Redis does not know are left out.
func (s *Store) Catalogs(ctx context.Context, digests []string) (map[string][]byte, error) {
	catalogs := make(map[string][]byte, len(digests))
	for len(digests) > 0 {
		batch := min(len(digests), 500)
		sizes, _, err := retried(ctx, func(ctx context.Context) ([]int64, struct{}, error) {
			return s.sizes(ctx, digests[:batch])
		})
		if err != nil {
			return nil, fmt.Errorf("read sizes of catalogs: %w", unsafe(err))
		}
		count, bytes := 0, int64(0)
		for count < batch && (count == 0 || bytes+sizes[count] <= batchBytes) {
			bytes += sizes[count]
			count++
		}
		values, _, err := retried(ctx, func(ctx context.Context) ([]any, struct{}, error) {
			values, err := s.client.HMGet(ctx, s.keys.catalogs(), digests[:count]...).Result()
			return values, struct{}{}, err
		})
		if err != nil {
			return nil, fmt.Errorf("read catalogs: %w", unsafe(err))
		}
		for i, value := range values {
			if text, ok := value.(string); ok {
				catalogs[digests[i]] = []byte(text)
			}
		}
		digests = digests[count:]
	}
	return catalogs, nil
}

func (s *Store) sizes(ctx context.Context, digests []string) ([]int64, struct{}, error) {
	sizes := make([]int64, len(digests))
	commands := make([]*redis.IntCmd, len(digests))
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, digest := range digests {
			commands[i] = pipe.HStrLen(ctx, s.keys.catalogs(), digest)
		}
		return nil
	})
	for i, command := range commands {
		sizes[i] = command.Val()
	}
	return sizes, struct{}{}, err
}

// readTimeout limits one page of a read.
const readTimeout = time.Second

// retried repeats a read while it fails for reasons that pass.
func retried[A, B any](ctx context.Context, read func(context.Context) (A, B, error)) (a A, b B, err error) {
	for attempt := 0; ; attempt++ {
		limited, cancel := context.WithTimeout(ctx, readTimeout)
		a, b, err = read(limited)
		cancel()
		if err == nil || !passes(err) {
			return a, b, err
		}
		if backoff(ctx, attempt) != nil || attempt == 3 {
			return a, b, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// entries reads up to a page of the feed after a position and checks the chain.
func (s *Store) entries(ctx context.Context, after Position) ([]Entry, error) {
	start := "(" + strconv.FormatUint(after.Revision, 10) + "-0"
	messages, _, err := retried(ctx, func(ctx context.Context) ([]redis.XMessage, struct{}, error) {
		messages, err := s.client.XRangeN(ctx, s.keys.feed(), start, "+", feedPage).Result()
		return messages, struct{}{}, err
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read feed: %w", unsafe(err))
	}
	return chain(after, messages)
}
