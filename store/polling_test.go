package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// Reads wait on every server that is supported, in a namespace without data and in one that is written to meanwhile.
func TestReadsWaitOnGoodServers(t *testing.T) {
	t.Parallel()
	waits := func(t *testing.T, server *redistest.Server) {
		s := openURL(t, server.URL())
		for range 2 {
			for try := 1; ; try++ { // on a busy machine an answer may take longer than the probe waits for it
				err := errors.Join(s.ProbeFeed(t.Context()), s.Polling(), s.Answers(t.Context()))
				if err == nil {
					break
				}
				if try == 20 || !IsSilence(err) {
					t.Fatal(err)
				}
			}
			if _, err := s.Begin(t.Context(), Position{}, Position{}, "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	redistest.EachShared(t, waits)
	t.Run("cluster", func(t *testing.T) { t.Parallel(); waits(t, redistest.Cluster(t, 3)) })
	t.Run("sentinel", func(t *testing.T) { t.Parallel(); waits(t, redistest.Sentinel(t)) })
}

// The probe waits for its time, whatever comes into the feed meanwhile.
func TestTheProbeHasNothingToRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		began, done := time.Now(), make(chan error)
		go func() { done <- s.a.ProbeFeed(s.ctx) }()
		synctest.Wait() // it waits in Redis
		_, err := s.b.Register(s.ctx, registration("c", "p", "m"))
		s.must(err)
		if err := <-done; err != nil || time.Since(began) != probeBlock || s.a.Polling() != nil {
			t.Errorf("%v after %v; polling: %v", err, time.Since(began), s.a.Polling())
		}
	})
}

// A page of a feed that is polled is followed by the next one at once.
func TestAPolledFeedCatchesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		feed := s.begun()
		for i := range 2*feedPage + 1 {
			_, err := s.b.Register(s.ctx, registration("c", "p"+string(rune('a'+i%2)), "m"))
			s.must(err)
		}
		s.a.blocking.poll(errAnsweredAtOnce)
		began, got := time.Now(), 0
		for got < 2*feedPage+1 {
			entries, err := feed.Next(s.ctx)
			s.must(err)
			got += len(entries)
		}
		if took := time.Since(began); took > 2*pollEvery {
			t.Errorf("it took %v", took)
		}
	})
}

// A poll that waits ends with its context.
func TestAPolledFeedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		feed := s.begun()
		s.a.blocking.poll(errAnsweredAtOnce)
		ctx, cancel := context.WithCancel(s.ctx)
		began, done := time.Now(), make(chan error)
		go func() { _, err := feed.Next(ctx); done <- err }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
