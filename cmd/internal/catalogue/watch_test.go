package catalogue_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
)

func TestWatchSeesAWriteInPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := follow(t, path)
	for _, id := range []string{"two", "ten", "one"} { // of one length; the last is what it began with
		put(t, path, content(id))
		f.expectApplied(id)
	}
}

func TestWatchSeesARenameOntoTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := follow(t, path)
	for _, id := range []string{"two", "three"} { // the second shows that the watch survived the first
		put(t, path+".new", content(id))
		must(t, os.Rename(path+".new", path))
		f.expectApplied(id)
	}
}

func TestWatchSeesASwappedLinkOnTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() // c.json -> ..data/c.json, ..data -> ..<version>, as Kubernetes mounts volumes
	version := func(id string) {
		t.Helper()
		must(t, os.Mkdir(filepath.Join(dir, ".."+id), 0o700))
		put(t, filepath.Join(dir, ".."+id, "c.json"), content(id))
		must(t, os.Symlink(".."+id, filepath.Join(dir, "..data_tmp")))
		must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	version("one")
	path := filepath.Join(dir, "c.json")
	must(t, os.Symlink(filepath.Join("..data", "c.json"), path))
	f := follow(t, path)
	version("two")
	f.expectApplied("two")
	must(t, os.RemoveAll(filepath.Join(dir, "..one")))
	version("three")
	f.expectApplied("three")
}

func TestWatchSeesAWriteBehindALink(t *testing.T) {
	t.Parallel()
	target, path := filepath.Join(t.TempDir(), "target.json"), filepath.Join(t.TempDir(), "c.json")
	put(t, target, content("one"))
	must(t, os.Symlink(target, path))
	f := follow(t, path)
	for _, id := range []string{"two", "six"} { // the first may be found by the look at the start
		put(t, target, content(id))
		f.expectApplied(id)
	}
}

func TestWatchKeepsTheLastGoodCatalogue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, watchKeepsTheLastGoodCatalogue)
}

func watchKeepsTheLastGoodCatalogue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := newFollower(t, path)
	current, err := catalogue.Load(path)
	must(t, err)
	f.poll(current)
	put(t, path, []byte(`{"a": [`))
	f.expectWarning("the changed catalogue cannot be used; the last good one stays: is not valid JSON at line 1, column 7")
	put(t, path, []byte(`{}`))
	f.expectWarning("has no sections")
	put(t, path, nil)
	f.expectWarning("is empty")
	must(t, os.Remove(path))
	f.expectWarning("cannot be read: no such file")
	put(t, path, []byte(`{"b": [{"id": "x"}]}`))
	f.expectWarning(`no section "a"`) // refused by apply
	put(t, path, content("one"))      // as it is: no news
	put(t, path, content("two"))
	f.expectApplied("two")
	if len(f.applied)+len(f.warnings) > 0 {
		t.Errorf("further reports: %d applied, %d warnings", len(f.applied), len(f.warnings))
	}
}

func TestSameContentIsNoNews(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := newFollower(t, path)
	current, err := catalogue.Load(path)
	must(t, err)
	catalogue.Reload(path, current, f.apply, f.logger())
	if len(f.applied)+len(f.warnings) > 0 {
		t.Errorf("%d applied, %d warnings", len(f.applied), len(f.warnings))
	}
	put(t, path, content("two"))
	catalogue.Reload(path, current, f.apply, f.logger())
	f.expectApplied("two")
}

func TestWatchReportsAProblemOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, watchReportsAProblemOnce)
}

func watchReportsAProblemOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := newFollower(t, path)
	tried := make(chan struct{}, 100)
	f.refuse = func(c *catalogue.Catalogue) error {
		if models, _ := c.Models("a"); models[0].ID == "bad" {
			tried <- struct{}{}
			return errors.New("refused")
		}
		return nil
	}
	current, err := catalogue.Load(path)
	must(t, err)
	f.poll(current)
	for i := range 3 {
		put(t, path, append(content("bad"), strings.Repeat(" ", i)...))
		select {
		case <-tried:
		case <-time.After(patience): // of the bubble
			t.Fatal("the changed file was not tried")
		}
	}
	put(t, path, content("two"))
	f.expectApplied("two")
	f.expectWarning("refused")
	if n := len(f.warnings); n > 0 {
		t.Errorf("%d more warnings of one problem", n)
	}
}

func TestWatchSeesAChangeMadeBeforeItBegan(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("two"))
	f := newFollower(t, path)
	loaded, err := catalogue.Parse(content("one"))
	must(t, err)
	f.watch(loaded)
	f.expectApplied("two")
}

func TestPollingSeesChangesThatNobodyReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, pollingSeesChangesThatNobodyReports)
}

func pollingSeesChangesThatNobodyReports(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	put(t, path, content("one"))
	f := newFollower(t, path)
	current, err := catalogue.Load(path)
	must(t, err)
	f.poll(current)
	put(t, path, content("longer"))
	f.expectApplied("longer")
	must(t, os.Remove(path))
	f.expectWarning("cannot be read")
	put(t, path, content("again"))
	f.expectApplied("again")
}

func TestDebounceJoinsBursts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		got := catalogue.BurstsOf(100*ms, 1000*ms, 0, 50*ms, 120*ms, 500*ms)
		if want := []time.Duration{220 * ms, 600 * ms}; !slices.Equal(got, want) {
			t.Errorf("two bursts fired at %v, want %v", got, want)
		}
		var steady []time.Duration
		for at := time.Duration(0); at < 1500*ms; at += 60 * ms {
			steady = append(steady, at)
		}
		got = catalogue.BurstsOf(100*ms, 1000*ms, steady...)
		if len(got) != 2 || got[0] != 1000*ms {
			t.Errorf("steady triggers fired at %v, want the first after 1s and the rest together", got)
		}
	})
}
