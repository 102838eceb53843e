package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
)

// runnerVariable makes this test binary a runner.
const runnerVariable = "ROLLCALL_TEST_RUNNER"

// runner is a process that runs verbs one after the other, each with its own environment. Starting a process for every
// verb would cost several times as much as the verbs do.
type runner struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	verbs   *json.Encoder
	results *json.Decoder
}

// verb is a command line for a runner.
type verb struct{ Env, Args []string }

// result is what a verb wrote, and its exit code.
type result struct {
	Stdout, Stderr string
	Code           int
}

// runners are those that are idle. There are as many as verbs ever ran at one time.
var runners struct {
	mu   sync.Mutex
	idle []*runner
}

// run runs a verb in a runner.
func run(t *testing.T, env []string, args ...string) result {
	t.Helper()
	r, err := takeRunner()
	must(t, err)
	hang := time.AfterFunc(patience, func() { _ = r.cmd.Process.Kill() }) // then the result cannot be read
	defer hang.Stop()
	var done result
	if err := errors.Join(r.verbs.Encode(verb{environment(env), args}), r.results.Decode(&done)); err != nil {
		r.stop()
		t.Fatalf("%q did not end: %v", args, err)
	}
	runners.mu.Lock()
	defer runners.mu.Unlock()
	runners.idle = append(runners.idle, r)
	return done
}

// takeRunner returns an idle runner, or a new one.
func takeRunner() (*runner, error) {
	runners.mu.Lock()
	defer runners.mu.Unlock()
	if last := len(runners.idle) - 1; last >= 0 {
		r := runners.idle[last]
		runners.idle = runners.idle[:last]
		return r, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Dir, cmd.Env, cmd.Stderr = emptyDir, []string{runnerVariable + "=1"}, os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return &runner{cmd, stdin, json.NewEncoder(stdin), json.NewDecoder(stdout)}, cmd.Start()
}

// stopRunners ends the idle runners.
func stopRunners() error {
	runners.mu.Lock()
	defer runners.mu.Unlock()
	var err error
	for _, r := range runners.idle {
		err = errors.Join(err, r.stop())
	}
	runners.idle = nil
	return err
}

// stop ends a runner that runs no verb. The error is that of the process, such as of the race detector.
func (r *runner) stop() error {
	_ = r.stdin.Close() // ends it
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("a process that ran verbs: %w", err)
	}
	return nil
}

// runVerbs is the runner's side: it runs the verbs that it reads, and returns at the end of the standard input.
func runVerbs() error {
	verbs, results := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	os.Stdin, os.Stdout = null, null // for verbs there is no terminal
	for {
		var next verb
		if err := verbs.Decode(&next); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		os.Clearenv()
		for _, setting := range next.Env {
			name, value, _ := strings.Cut(setting, "=")
			if err := os.Setenv(name, value); err != nil {
				return err
			}
		}
		var stdout, stderr bytes.Buffer
		code := cli.Run(context.Background(), next.Args, &stdout, &stderr)
		if err := results.Encode(result{stdout.String(), stderr.String(), code}); err != nil {
			return err
		}
	}
}
