package main_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// watching is a running `rollcall watch`.
type watching struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

func watch(t *testing.T, env []string, args ...string) *watching {
	t.Helper()
	w := &watching{t: t, cmd: command(t, env, append([]string{"watch"}, args...)...), lines: make(chan string, 1000)}
	w.cmd.Stderr = t.Output()
	out, err := w.cmd.StdoutPipe()
	must(t, err)
	must(t, w.cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(w.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			w.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it may be gone
		<-read
		_ = w.cmd.Wait()
	})
	return w
}

// until returns the lines up to the first that contains part.
func (w *watching) until(part string) string {
	w.t.Helper()
	var all strings.Builder
	for deadline := time.After(patience); ; {
		select {
		case line, ok := <-w.lines:
			if !ok {
				w.t.Fatalf("it ended before it told of %q:\n%s", part, &all)
			}
			all.WriteString(line + "\n")
			if strings.Contains(line, part) {
				return all.String()
			}
		case <-deadline:
			w.t.Fatalf("it does not tell of %q:\n%s", part, &all)
		}
	}
}

// succeeds runs a verb, which must end well.
func succeeds(t *testing.T, env []string, args ...string) {
	t.Helper()
	if text := said(t, env, args...); !strings.HasSuffix(text, "exit code: 0\n") {
		t.Fatal(text)
	}
}

func TestWatchTellsEachChangeInEveryForm(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"redis", "http"} { // one after the other, as in TestVerbsSayTheSameBothWays
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			env := w.redis
			if way == "http" {
				env = w.http
			}
			var all []string
			for _, form := range []string{"table", "json", "yaml"} {
				watch := watch(t, env, "-o", form)
				text := watch.until("synced")
				succeeds(t, env, "suspend", "key-1", "claude-haiku-4-5", "--reason", "answers nonsense")
				succeeds(t, env, "resume", "key-1", "claude-haiku-4-5")
				succeeds(t, env, "suspend", "key-3", "*", "--reason", "leaked")
				text += watch.until("leaked")
				succeeds(t, env, "resume", "key-3", "*") // in YAML the last event ends with the next
				watch.until("key-3")
				must(t, watch.cmd.Process.Signal(os.Interrupt))
				if err := watch.cmd.Wait(); err != nil {
					t.Errorf("interrupted it ends with %v", err)
				}
				all = append(all, actorHere.ReplaceAllString(settled(text, form != "table"), "ops"))
			}
			holdGolden(t, filepath.Join("both_ways", "watch"), strings.Join(all, "\n"))
		})
	}
}

// TestWatchSurvivesRestarts: of Redis, which comes back empty, and of the daemon.
func TestWatchSurvivesRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	must(t, os.WriteFile(file, []byte("clients: [{id: c, provider: p, models: [m]}]\n"), 0o600))
	redis := []string{"REDIS_URL=" + server.URL()}
	daemon := serve(t, redis, "--config", file)
	http := []string{"ROLLCALL_SERVER=" + daemon.base}
	watches := []*watching{watch(t, redis, "-o", "json"), watch(t, http, "-o", "json")}
	for _, w := range watches {
		w.until(`"synced"`)
	}
	mark := func(reason string) {
		t.Helper()
		daemon.eventually(func() string { return said(t, redis, "suspend", "c", "m", "--reason", reason) }, "exit code: 0")
	}
	server.Kill(t)
	server.Restart(t)
	daemon.awaitIDs("m")
	mark("after redis came back")
	for _, w := range watches {
		w.until("after redis came back")
	}

	daemon.signal(syscall.SIGKILL)
	<-daemon.exited
	serve(t, redis, "--config", file, "--listen", strings.TrimPrefix(daemon.base, "http://"))
	succeeds(t, redis, "suspend", "c", "*", "--reason", "after the daemon came back")
	for _, w := range watches {
		w.until("after the daemon came back")
	}
}

// TestWatchWritesWholeEvents: what a program reads is what the library tells.
func TestWatchWritesWholeEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, env := range [][]string{w.redis, w.http} {
		var kinds []registry.EventKind
		for line := range strings.Lines(watch(t, env, "-o", "json").until(`"synced"`)) {
			var event registry.Event
			must(t, json.Unmarshal([]byte(line), &event))
			kinds = append(kinds, event.Kind)
			if event.ClientID == "key-1" && (len(event.Models) != 2 || event.Models[0].DisplayName != "Claude Sonnet 4.5") {
				t.Errorf("told %s", line)
			}
		}
		want := []registry.EventKind{registry.EventClient, registry.EventClient, registry.EventClient, registry.EventSynced}
		if !slices.Equal(kinds, want) {
			t.Errorf("told %v, want %v", kinds, want)
		}
	}
}
