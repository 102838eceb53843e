package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// answersTimeout limits Answers. A new connection takes several round trips, so that a Redis may take 0.2 s for each.
const answersTimeout = time.Second

// IsSilence reports whether an error of this package means that Redis did not answer: not in time, or the connection
// failed. It is false for an error that Redis answered, and for data that cannot be understood.
func IsSilence(err error) bool {
	var answered redis.Error
	return !errors.As(err, &answered) && passes(err)
}

// Answers asks the server of the namespace whether a key exists, on a new connection, within a second. It tells a
// server that is away from a single answer that was lost or late, and from a pooled connection that had failed. Every
// error is an ErrUnavailable, and says what happened.
func (s *Store) Answers(ctx context.Context) error {
	if s.closed.Load() {
		return fmt.Errorf("ask again: %w", errClosing)
	}
	client, err := alike(s.feed, 1)
	if err != nil {
		return err
	}
	// The library ends a read at its deadline only, so a call that is cancelled closes the connection.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(closed); _ = client.Close() })
	defer func() {
		if stop() {
			_ = client.Close() // it was only asked
		} else {
			<-closed
		}
	}()
	return s.ask(ctx, client)
}

// ask asks through a client whether a key of the namespace exists, which every server can answer.
func (s *Store) ask(ctx context.Context, client redis.UniversalClient) error {
	limited, cancel := context.WithTimeout(ctx, answersTimeout)
	defer cancel()
	if err := client.Exists(limited, s.keys.meta()).Err(); err != nil {
		return fmt.Errorf("ask whether the namespace exists: %w: %w", ErrUnavailable, unsafe(err))
	}
	return nil
}
