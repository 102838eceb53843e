package store

import (
	"context"
	"fmt"
	"sync"
)

// underway counts the calls that may change something, so that Drain can wait for the last of them.
type underway struct {
	mu    sync.Mutex
	calls int
	idle  chan struct{} // there is one from Drain on; closed with the last call
}

// begin says whether one more call may go out; end must follow then.
func (u *underway) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.idle != nil {
		return false
	}
	u.calls++
	return true
}

func (u *underway) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.calls--; u.calls == 0 && u.idle != nil {
		close(u.idle)
	}
}

func (u *underway) drain() (idle <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.idle == nil {
		u.idle = make(chan struct{})
		if u.calls == 0 {
			close(u.idle)
		}
	}
	return u.idle
}

// Drain lets nothing change Redis any more but Release, so that this can come last: other calls end with ErrClosed, and
// those under way are waited for. With ctx's error when that ends first.
func (s *Store) Drain(ctx context.Context) error {
	select {
	case <-s.underway.drain():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for calls under way: %w", ctx.Err())
	}
}
