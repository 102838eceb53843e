package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	probeBlock     = 20 * time.Millisecond  // how long the probe at the start waits: it delays every start
	pollEvery      = 250 * time.Millisecond // how often a feed is read that cannot be waited for
	probeEvery     = time.Minute            // how often such a feed is probed again
	failuresToPoll = 3                      // blocking reads in a row that fail before the feed is polled
)

// beyondFeed is an ID that no feed reaches: a read after it has nothing to return, whether the feed exists or not. It is
// the largest that servers take which keep IDs in signed integers.
const beyondFeed = "9223372036854775807-0"

var errAnsweredAtOnce = errors.New("the server does not wait: it answers at once that there is nothing")

// blockingReads records whether the server lets reads of the feed wait.
type blockingReads struct {
	mu       sync.Mutex
	failures int       // in a row, each while the server answered other reads
	why      error     // why the feed is polled; nil: it is not
	probe    time.Time // when blocking is tried next
}

func (b *blockingReads) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.why = 0, nil
}

// failed counts blocking reads that failed for a reason that is not the server's absence.
func (b *blockingReads) failed(why error, count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures += count; b.failures >= failuresToPoll {
		b.why, b.probe = why, time.Now().Add(probeEvery)
	}
}

// state returns why the feed is polled, nil where it is not, and whether blocking is to be tried again.
func (b *blockingReads) state() (why error, due bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why, b.why != nil && !time.Now().Before(b.probe)
}

// Polling says why the feed is read four times a second: some proxies and servers refuse a read that waits, drop its
// connection, or answer it at once or never. It is nil where reads wait in Redis.
func (s *Store) Polling() error {
	why, _ := s.blocking.state()
	return why
}

// ProbeFeed finds out whether reads of the feed can wait in Redis, and has feeds poll where they cannot. It takes 20 ms
// where they can, and needs no data. The error is an ErrUnavailable: Redis does not answer.
func (s *Store) ProbeFeed(ctx context.Context) error {
	err := s.tryBlocking(ctx, probeBlock)
	var refused redis.Error
	switch {
	case err == nil:
		s.blocking.worked()
		return nil
	case errors.As(err, &refused) && passes(err):
		return fmt.Errorf("probe the feed: %w: %w", ErrUnavailable, err)
	}
	if err := s.Answers(ctx); err != nil {
		return err
	}
	s.blocking.failed(err, failuresToPoll)
	return nil
}

// tryBlocking reads the feed where it has nothing to read. The error says what is wrong with reads that wait.
func (s *Store) tryBlocking(ctx context.Context, block time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, block+feedDeadline)
	defer cancel()
	began := time.Now()
	err := s.feed.XRead(limited, &redis.XReadArgs{
		Streams: []string{s.keys.feed(), beyondFeed}, Count: 1, Block: block,
	}).Err()
	switch {
	case errors.Is(err, redis.Nil) && time.Since(began) < block/2:
		return errAnsweredAtOnce
	case errors.Is(err, redis.Nil):
		return nil
	}
	return err
}

// feedFinding says whether reads of the feed can wait.
func (s *Store) feedFinding(ctx context.Context) Finding {
	if err := s.tryBlocking(ctx, pollEvery/2); err != nil {
		return Finding{"feed", FindingWarn, "a read that waits (XREAD BLOCK) does not work: " + err.Error(), "connect to Redis itself, or " +
			"through a proxy that lets XREAD BLOCK pass; until then replicas read the feed four times a second"}
	}
	return Finding{"feed", FindingOK, "a read waits for changes", ""}
}
