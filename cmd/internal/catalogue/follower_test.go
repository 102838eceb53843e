package catalogue_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
)

// patience bounds what takes milliseconds on an idle machine, so that a hang ends.
const patience = time.Minute

// follower is a watched catalogue file with what its watcher reports.
type follower struct {
	t        *testing.T
	path     string
	applied  chan string // the ID of the first model of section "a"
	warnings chan string
	refuse   func(*catalogue.Catalogue) error
}

// Levels and Fire make the follower a hook of its logger.
func (f *follower) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

func (f *follower) Fire(e *logrus.Entry) error {
	f.warnings <- e.Message + ": " + e.Data[logrus.ErrorKey].(error).Error()
	return nil
}

func (f *follower) logger() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.AddHook(f)
	return log
}

func (f *follower) apply(c *catalogue.Catalogue) error {
	if f.refuse != nil {
		if err := f.refuse(c); err != nil {
			return err
		}
	}
	models, err := c.Models("a")
	if err != nil {
		return err
	}
	f.applied <- models[0].ID
	return nil
}

func newFollower(t *testing.T, path string) *follower {
	return &follower{t: t, path: path, applied: make(chan string, 100), warnings: make(chan string, 100)}
}

// follow watches the file at path, which must be there.
func follow(t *testing.T, path string) *follower {
	t.Helper()
	f := newFollower(t, path)
	current, err := catalogue.Load(path)
	must(t, err)
	f.watch(current)
	return f
}

// watch begins to follow, by the system's reports alone.
func (f *follower) watch(current *catalogue.Catalogue) {
	f.t.Helper()
	w, err := catalogue.WatchByNotice(f.path, current, f.apply, f.logger())
	must(f.t, err)
	f.t.Cleanup(w.Close)
}

// poll begins to follow by looking at the file, in a bubble. So a change is not seen before it is complete: the clock moves
// when the test waits.
func (f *follower) poll(current *catalogue.Catalogue) {
	f.t.Helper()
	w := catalogue.WatchByPolling(f.path, current, f.apply, f.logger(), time.Second)
	f.t.Cleanup(w.Close)
}

func (f *follower) expect(ch chan string, what, want string) {
	f.t.Helper()
	select {
	case got := <-ch:
		if !strings.Contains(got, want) {
			f.t.Fatalf("%s: got %q, want %q", what, got, want)
		}
	case <-time.After(patience):
		f.t.Fatalf("%s: nothing happened, want %q", what, want)
	}
}

func (f *follower) expectApplied(id string) { f.t.Helper(); f.expect(f.applied, "applied", id) }
func (f *follower) expectWarning(text string) {
	f.t.Helper()
	f.expect(f.warnings, "warning", text)
}

func content(id string) []byte { return []byte(`{"a": [{"id": "` + id + `"}]}`) }

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
