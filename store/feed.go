package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	feedBlock    = 250 * time.Millisecond // how long one read of the feed waits for news
	feedDeadline = 500 * time.Millisecond // on top, for the answer to arrive
	headEvery    = time.Second            // how old a comparison with the head may get
	feedPage     = 1000                   // entries a read
)

// DivergedError says that the history in Redis is not the one that was followed.
type DivergedError struct {
	Reason string // gap, chain, epoch, rollback, missing, or what is wrong with an entry
}

// Error implements error.
func (e *DivergedError) Error() string { return "feed diverged: " + e.Reason }

// Feed follows the entries after a position. It is not safe for concurrent use.
type Feed struct {
	store   *Store
	at      Position
	checked time.Time // when the last comparison with the head was asked for
	ahead   bool      // the head was ahead of us then
	more    bool      // the last poll returned a whole page
	check   func(context.Context) (Head, error)
	head    Head
}

// Follow returns the feed after a position. check is how the feed reads the head, at least once a second: Head, or a
// heartbeat where one is due.
func (s *Store) Follow(after Position, check func(context.Context) (Head, error)) *Feed {
	return &Feed{store: s, at: after, check: check}
}

// Position is that of the last entry handed out.
func (f *Feed) Position() Position { return f.at }

// Head is the head as it was compared last, and when that was asked for: whatever was acknowledged before that moment
// and is not behind Position is still to come.
func (f *Feed) Head() (Head, time.Time) { return f.head, f.checked }

// Skip moves on to a position of the same history that the follower came to by itself. Where it was left behind already
// nothing moves.
func (f *Feed) Skip(to Position) {
	if to.Epoch == f.at.Epoch && to.Revision > f.at.Revision {
		f.at = to
		f.ahead = f.head.Position.Revision > to.Revision
	}
}

// Next waits for entries, for about a quarter of a second, and returns them in order, none left out; none is no error.
// It compares with the head whenever nothing came and at least once a second, and first of all at the beginning and
// after an error; then it does not wait. A *DivergedError asks for a new snapshot, ErrEmpty and ErrBroken for a new
// epoch; after other errors Next may be called again.
func (f *Feed) Next(ctx context.Context) ([]Entry, error) {
	wait := true
	if time.Since(f.checked) >= headEvery {
		wait = !f.checked.IsZero() // whoever waits for the connection should not wait for news on top
		if err := f.compare(ctx); err != nil {
			return nil, err
		}
	}
	read := f.read
	if !wait {
		read = f.poll
	}
	entries, err := read(ctx)
	if err != nil {
		f.checked = time.Time{} // after a lost connection the first thing is to compare
		return nil, err
	}
	if len(entries) == 0 && f.ahead {
		// The head was ahead, yet a read brought nothing: ask where the head was read.
		if entries, err = f.store.entries(ctx, f.at); err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			return nil, &DivergedError{Reason: "missing"}
		}
	}
	if len(entries) > 0 {
		f.at = entries[len(entries)-1].Position
		f.ahead = f.head.Position.Revision > f.at.Revision
		return entries, nil
	}
	if !wait {
		return nil, nil
	}
	return nil, f.compare(ctx)
}

// read waits for entries in Redis, or here where Redis does not let a read block.
func (f *Feed) read(ctx context.Context) ([]Entry, error) {
	why, due := f.store.blocking.state()
	if due { // in place of the pause before the next poll
		blocked := f.store.tryBlocking(ctx, feedBlock, 2*feedBlock)
		entries, err := f.poll(ctx)
		switch {
		case blocked == nil:
			f.store.blocking.worked()
		case err == nil:
			f.store.blocking.poll(blocked)
		}
		return entries, err
	}
	if why == nil {
		return f.block(ctx)
	}
	if !f.ahead && !f.more {
		timer := time.NewTimer(pollEvery)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait to read the feed: %w", ctx.Err())
		}
	}
	return f.poll(ctx)
}

// block waits for entries in Redis. Where that fails it asks again without blocking, on another connection, and that
// answer counts: a server that cannot block is not away.
func (f *Feed) block(ctx context.Context) ([]Entry, error) {
	limited, cancel := context.WithTimeout(ctx, feedBlock+feedDeadline)
	defer cancel()
	began := time.Now()
	streams, err := f.store.feed.XRead(limited, &redis.XReadArgs{
		Streams: []string{f.store.keys.feed(), strconv.FormatUint(f.at.Revision, 10) + "-0"},
		Count:   feedPage,
		Block:   feedBlock,
	}).Result()
	switch {
	case nothingRead(streams, err) && time.Since(began) < feedBlock/2:
		f.suspect(ctx)
		return nil, nil
	case nothingRead(streams, err):
		f.store.blocking.worked()
		return nil, nil
	case err == nil:
		f.store.blocking.worked()
		return chain(f.at, streams[0].Messages)
	}
	f.store.stats.failed(err)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("read feed: %w: %w", ErrUnavailable, unsafe(err))
	}
	entries, again := f.poll(ctx)
	if again == nil {
		f.suspect(ctx)
	}
	return entries, again
}

// suspect counts a blocking read that failed, and probes when there were several in a row: the feed is polled only where
// the probe fails too.
func (f *Feed) suspect(ctx context.Context) {
	if !f.store.blocking.failed() {
		return
	}
	if err := f.store.tryBlocking(ctx, feedBlock, feedBlock+feedDeadline); err != nil && ctx.Err() == nil {
		f.store.blocking.poll(err)
	} else {
		f.store.blocking.worked()
	}
}

// poll reads entries without waiting.
func (f *Feed) poll(ctx context.Context) ([]Entry, error) {
	limited, cancel := context.WithTimeout(ctx, feedDeadline)
	defer cancel()
	after := "(" + strconv.FormatUint(f.at.Revision, 10) + "-0"
	messages, err := f.store.feed.XRangeN(limited, f.store.keys.feed(), after, "+", feedPage).Result()
	if err != nil {
		f.store.stats.failed(err)
		return nil, fmt.Errorf("read feed: %w: %w", ErrUnavailable, unsafe(err))
	}
	f.more = len(messages) == feedPage
	return chain(f.at, messages)
}

// compare reads the head and holds it against the position.
func (f *Feed) compare(ctx context.Context) error {
	asked := time.Now()
	head, err := f.check(ctx)
	if err != nil {
		return err
	}
	f.head, f.checked = head, asked
	f.ahead = head.Position.Revision > f.at.Revision
	switch {
	case head.Position.Epoch != f.at.Epoch:
		return &DivergedError{Reason: "epoch"}
	case head.Position.Revision < f.at.Revision:
		return &DivergedError{Reason: "rollback"}
	case !f.ahead && head.Position.Nonce != f.at.Nonce:
		return &DivergedError{Reason: "chain"}
	}
	return nil
}

// chain decodes messages and checks that they follow on a position without a gap: same epoch, next revision, and each
// naming the nonce of the one before. The nonce is what tells when a failover rewrote revisions that were read already.
func chain(at Position, messages []redis.XMessage) ([]Entry, error) {
	entries := make([]Entry, 0, len(messages))
	for _, message := range messages {
		entry, err := decodeEntry(message)
		if err != nil {
			return nil, &DivergedError{Reason: err.Error()}
		}
		switch {
		case entry.Position.Epoch != at.Epoch:
			return nil, &DivergedError{Reason: "epoch"}
		case entry.Position.Revision != at.Revision+1:
			return nil, &DivergedError{Reason: "gap"}
		case entry.Previous != at.Nonce:
			return nil, &DivergedError{Reason: "chain"}
		}
		entries = append(entries, entry)
		at = entry.Position
	}
	return entries, nil
}
