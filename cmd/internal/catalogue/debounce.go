package catalogue

import "time"

// debounce turns a burst of triggers into one signal: when there was none for the quiet time, or when the first is the
// longest time ago.
type debounce struct {
	quiet, longest time.Duration

	timer *time.Timer
	first time.Time // of the burst; zero if there is none
}

func newDebounce(quiet, longest time.Duration) *debounce {
	timer := time.NewTimer(longest)
	timer.Stop()
	return &debounce{quiet: quiet, longest: longest, timer: timer}
}

func (d *debounce) trigger() {
	now := time.Now()
	if d.first.IsZero() {
		d.first = now
	}
	d.timer.Reset(min(d.quiet, d.first.Add(d.longest).Sub(now)))
}

// due fires once a burst; reset must follow.
func (d *debounce) due() <-chan time.Time { return d.timer.C }

func (d *debounce) reset() { d.first = time.Time{} }

func (d *debounce) stop() { d.timer.Stop() }
