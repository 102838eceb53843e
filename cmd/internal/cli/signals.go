package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// echoTime: timeout(1) and some process managers send one signal to the process and to its group, so it comes twice.
const echoTime = 200 * time.Millisecond

// untilSignal returns a context that ends with the first SIGINT or SIGTERM, which means: stop cleanly. The next one,
// but for an echo of the first, ends the process at once. stop gives the signals back.
func untilSignal() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		var first time.Time
		for {
			select {
			case <-signals:
			case <-done:
				return
			}
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
			case time.Since(first) > echoTime:
				os.Exit(exitFailed)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
