package store

import (
	"context"
	"fmt"
	"time"
)

// answersTimeout limits Answers, the connection included.
const answersTimeout = 500 * time.Millisecond

// IsTimeout reports whether an error of this package means that no answer came in time. It is false for a connection
// that failed and for an error that Redis answered.
func IsTimeout(err error) bool { return failureClass(err) == failureTimeout }

// Answers asks the server of the namespace whether a key exists, on a new connection, within half a second. It tells a
// server that is away from a single answer that was lost or late. The error is an ErrUnavailable, or says what the
// server refused.
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
	limited, cancel := context.WithTimeout(ctx, answersTimeout)
	defer cancel()
	if err := client.Exists(limited, s.keys.meta()).Err(); err != nil {
		return fmt.Errorf("ask again: %w: %w", ErrUnavailable, unsafe(err))
	}
	return nil
}
