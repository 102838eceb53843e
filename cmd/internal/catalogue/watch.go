package catalogue

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"
)

const (
	quietTime    = 100 * time.Millisecond // without news before the file is read: whoever writes it may not be done
	longestQuiet = time.Second            // but no longer than this in all
	pollInterval = 2 * time.Second        // for file systems that report no changes, and watches lost with a directory
)

// Watcher follows a catalogue file: changes in place, renames onto it, and symbolic links on the way to it that are
// swapped, as Kubernetes does with mounted volumes.
type Watcher struct {
	path  string
	apply func(*Catalogue) error
	log   logrus.FieldLogger

	notify  *fsnotify.Watcher // nil where the system has none to give
	poll    time.Duration
	good    digest    // of the last catalogue taken over
	problem string    // reported of the present content; "" if it is good
	seen    signature // of the file when it was last looked at

	stop chan struct{}
	done chan struct{}
}

// Watch begins to follow the file that current was loaded from, until Close. apply is called with each new catalogue,
// one at a time; what it refuses with an error, and a file that is broken or empty, is logged as a warning once, and
// the catalogue before it stays.
func Watch(path string, current *Catalogue, apply func(*Catalogue) error, log logrus.FieldLogger) *Watcher {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		log.WithError(err).Warnf("changes of the catalogue are looked for every %v, since the system reports none", pollInterval)
	}
	return watch(path, current, apply, log, notify, pollInterval)
}

func watch(path string, current *Catalogue, apply func(*Catalogue) error, log logrus.FieldLogger,
	notify *fsnotify.Watcher, poll time.Duration) *Watcher {
	w := &Watcher{
		path: filepath.Clean(path), apply: apply, log: log.WithField("catalogue", path),
		notify: notify, poll: poll, good: current.digest,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	w.watchDirectories()
	go w.run()
	return w
}

// Close stops following and waits until a call of apply that is under way has returned.
func (w *Watcher) Close() {
	close(w.stop)
	<-w.done
}

func (w *Watcher) run() {
	defer close(w.done)
	var events chan fsnotify.Event
	var failures chan error
	if w.notify != nil {
		defer w.notify.Close()
		events, failures = w.notify.Events, w.notify.Errors
	}
	ticker := time.NewTicker(w.poll)
	defer ticker.Stop()
	pending := newDebounce(quietTime, longestQuiet)
	defer pending.stop()
	pending.trigger() // the file may have changed between its loading and the watch
	for {
		select {
		case event := <-events:
			if w.concerns(event.Name) || w.looksChanged() {
				pending.trigger()
			}
		case err := <-failures: // events were lost
			w.log.WithError(err).Debug("the system's reports of changes failed; looking at the file")
			pending.trigger()
		case <-ticker.C:
			w.watchDirectories()
			if w.looksChanged() {
				pending.trigger()
			}
		case <-pending.due():
			pending.reset()
			w.watchDirectories()
			w.reload()
		case <-w.stop:
			return
		}
	}
}

// watchDirectories watches the directory of the path, and that of the file which links on the way lead to. A watch on
// the file itself would stay with the old one when another is renamed onto it.
func (w *Watcher) watchDirectories() {
	if w.notify == nil {
		return
	}
	for _, file := range []string{w.path, realPath(w.path)} {
		if err := w.notify.Add(filepath.Dir(file)); err != nil {
			w.log.WithError(err).Debug("a directory on the way to the catalogue cannot be watched")
		}
	}
}

func realPath(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

// concerns says whether name is the file.
func (w *Watcher) concerns(name string) bool {
	name = filepath.Clean(name)
	return name == w.path || name == realPath(w.path)
}

// signature tells, without reading it, whether the file may have changed.
type signature struct {
	info os.FileInfo // nil if there is no file
}

// looksChanged compares the file's signature with the last one, and remembers it.
func (w *Watcher) looksChanged() bool {
	info, err := os.Stat(w.path)
	if err != nil {
		info = nil
	}
	before := w.seen.info
	w.seen.info = info
	if before == nil || info == nil {
		return before != nil || info != nil
	}
	return !os.SameFile(before, info) || !before.ModTime().Equal(info.ModTime()) || before.Size() != info.Size()
}

func (w *Watcher) reload() {
	w.looksChanged() // before reading: what changes after this is news
	data, err := os.ReadFile(w.path)
	if err != nil {
		w.report(readError(w.path, err))
		return
	}
	if sha256.Sum256(data) == w.good {
		w.problem = ""
		return
	}
	next, err := Parse(data)
	if err == nil {
		err = w.apply(next)
	}
	if err != nil {
		w.report(err)
		return
	}
	w.good, w.problem = next.digest, ""
}

// report tells of a problem, but not again while it stays the same.
func (w *Watcher) report(err error) {
	if problem := fmt.Sprint(err); problem != w.problem {
		w.problem = problem
		w.log.WithError(err).Warn("the changed catalogue cannot be used; the last good one stays")
	}
}
