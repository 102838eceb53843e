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
	probeBlock = 20 * time.Millisecond  // how long the probe at the start waits: it delays every start
	pollEvery  = 250 * time.Millisecond // how often a feed is read that cannot be waited for
	probeEvery = time.Minute            // how often such a feed is probed again
	suspicious = 3                      // blocking reads in a row that fail before the next probe
)

// beyondFeed is an ID that no feed reaches: a read after it has nothing to return, whether the feed exists or not. It is
// the largest ID that a server accepts which keeps IDs in signed integers.
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

// failed counts a blocking read that failed while the server answered other reads, and reports whether it is time to
// probe: connections that were cut fail too.
func (b *blockingReads) failed() (suspect bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	return b.failures >= suspicious
}

// poll records that blocking reads do not work, and why.
func (b *blockingReads) poll(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.why, b.probe = why, time.Now().Add(probeEvery)
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
// where they can, and needs no data. The error is an ErrUnavailable: Redis does not answer, or cannot serve now.
func (s *Store) ProbeFeed(ctx context.Context) error {
	err := s.probe(ctx)
	if failureClass(err) == failureTimeout { // on a busy machine a single answer may be late
		err = s.probe(ctx)
	}
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
	s.blocking.poll(err)
	return nil
}

// probe makes a blocking read of 20 ms on a connection that exists: the time to make one, which takes several round trips,
// says nothing about blocking.
func (s *Store) probe(ctx context.Context) error {
	if err := s.ask(ctx, s.feed); err != nil {
		return err
	}
	return s.tryBlocking(ctx, probeBlock, probeBlock+feedDeadline)
}

// tryBlocking reads the feed where it has nothing to read, and waits for the answer up to limit. The error says what is
// wrong with blocking reads.
func (s *Store) tryBlocking(ctx context.Context, block, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	streams, err := s.feed.XRead(limited, &redis.XReadArgs{
		Streams: []string{s.keys.feed(), beyondFeed}, Count: 1, Block: block,
	}).Result()
	switch {
	case nothingRead(streams, err) && time.Since(began) < block/2:
		return errAnsweredAtOnce
	case nothingRead(streams, err):
		return nil
	}
	return err
}

// nothingRead reports whether a read of the feed returned no entry. Redis answers nil then, some proxies an empty list.
func nothingRead(streams []redis.XStream, err error) bool {
	return errors.Is(err, redis.Nil) || err == nil && (len(streams) == 0 || len(streams[0].Messages) == 0)
}

// feedFinding says whether reads of the feed can wait as long as those of replicas do.
func (s *Store) feedFinding(ctx context.Context) Finding {
	if err := s.tryBlocking(ctx, feedBlock, feedBlock+feedDeadline); err != nil {
		return Finding{"feed", FindingWarn, "a blocking read (XREAD BLOCK) does not work: " + err.Error(), "connect to Redis itself, or " +
			"through a proxy that lets XREAD BLOCK pass; until then replicas read the feed four times a second"}
	}
	return Finding{"feed", FindingOK, "a blocking read waits for changes", ""}
}
