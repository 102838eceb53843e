package daemon

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"
)

type countingCleaner struct{ calls atomic.Int32 }

func (c *countingCleaner) CleanupExpiredQuotas(context.Context) (int, error) {
	if c.calls.Add(1) == 1 {
		return 0, errors.New("away")
	}
	return 1, nil
}

func TestTidyRunsEveryMinuteThroughErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, hook := logtest.NewNullLogger()
		ctx, cancel := context.WithCancel(t.Context())
		c := &countingCleaner{}
		var running sync.WaitGroup
		running.Go(func() { tidy(ctx, c, log) })
		time.Sleep(3*time.Minute + time.Second) // the clock of the bubble
		cancel()
		running.Wait()
		if n := c.calls.Load(); n != 3 {
			t.Errorf("tidied %d times in three minutes", n)
		}
		if n := len(hook.AllEntries()); n != 1 {
			t.Errorf("%d log entries, want that of the failure", n)
		}
	})
}
