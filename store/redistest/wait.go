package redistest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

const (
	// startLimit is how long servers may take to come up. They take some 20 ms (a cluster and sentinels seconds); the
	// rest is for machines that run many tests at once.
	startLimit = 60 * time.Second
	// callLimit is how long one question to a server may take.
	callLimit = 30 * time.Second
	pollEvery = 10 * time.Millisecond
)

// finalError is an error that waiting longer cannot mend.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// await calls check until it returns nil, a finalError, or ctx is over; what names the wait in the error.
func await(ctx context.Context, what string, check func(context.Context) error) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		var final finalError
		if errors.As(err, &final) {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; the last try said: %w", what, ctx.Err(), err)
		case <-ticker.C:
		}
	}
}

// limited is a context for work on behalf of tb that ends by itself after limit. It works in cleanups too, where
// tb's own context is over.
func limited(tb testing.TB, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(tb.Context()), limit)
}
