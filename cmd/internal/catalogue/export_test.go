package catalogue

import (
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"
)

// WatchByPolling is Watch on a system that reports no changes.
func WatchByPolling(path string, current *Catalogue, apply func(*Catalogue) error, log logrus.FieldLogger,
	every time.Duration) *Watcher {
	return watch(path, current, apply, log, nil, every)
}

// WatchByNotice is Watch without the polling that would hide a report that was missed.
func WatchByNotice(path string, current *Catalogue, apply func(*Catalogue) error, log logrus.FieldLogger) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return watch(path, current, apply, log, notify, time.Hour), nil
}

// Reload does once what a watcher does when the file may have changed.
func Reload(path string, current *Catalogue, apply func(*Catalogue) error, log logrus.FieldLogger) {
	w := &Watcher{path: path, good: current.digest, apply: apply, log: log}
	w.reload()
}

// BurstsOf runs the triggers, given as times after the first, through a debounce and returns when it fired.
func BurstsOf(quiet, longest time.Duration, triggers ...time.Duration) []time.Duration {
	d, began := newDebounce(quiet, longest), time.Now()
	defer d.stop()
	var fired []time.Duration
	end := time.NewTimer(triggers[len(triggers)-1] + 2*longest)
	defer end.Stop()
	next := time.NewTimer(triggers[0])
	defer next.Stop()
	for {
		select {
		case <-next.C:
			d.trigger()
			if triggers = triggers[1:]; len(triggers) > 0 {
				next.Reset(triggers[0] - time.Since(began))
			}
		case <-d.due():
			d.reset()
			fired = append(fired, time.Since(began))
		case <-end.C:
			return fired
		}
	}
}
