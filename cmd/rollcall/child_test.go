package main_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

const patience = time.Minute // bounds what takes milliseconds on an idle machine, so that a hang ends

var (
	binary   string // the real one, built once
	emptyDir string // for processes to run in: no config.yaml is here
)

func TestMain(m *testing.M) {
	if os.Getenv(runnerVariable) == "1" {
		if err := runVerbs(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "rollcall-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary, emptyDir = filepath.Join(dir, "rollcall"), filepath.Join(dir, "empty")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput()
	if err := errors.Join(err, os.Mkdir(emptyDir, 0o700)); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	defer func() {
		if err := stopRunners(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	// A default, which -parallel overrides: the tests wait for processes more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return redistest.Main(m)
}

// child is a running `rollcall serve`.
type child struct {
	t       *testing.T
	cmd     *exec.Cmd
	entries chan map[string]any // of its log
	exited  chan struct{}
	base    string // http://host:port
	output  *transcript
}

// transcript keeps all that a child writes.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *transcript) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(line + "\n")
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command is the binary in the environment of a test.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = emptyDir
	cmd.Env = environment(env)
	return cmd
}

// outageAfter is for a daemon whose Redis is killed: a call that is under way then, and one that cannot wait, are given up so
// late, and only then does the daemon say that Redis is away.
const outageAfter = "--operation-timeout=3s"

// environment is what a process of a test gets: no settings but those given, and time for writes on a busy machine.
func environment(env []string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "ROLLCALL_OPERATION_TIMEOUT=1m"}, env...)
}

// serve starts a daemon on a free port and returns when it serves.
func serve(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	c := &child{t: t, entries: make(chan map[string]any, 1000), exited: make(chan struct{}), output: &transcript{}}
	c.cmd = command(t, env, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.exited)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			c.output.add(lines.Text())
			entry := map[string]any{}
			if json.Unmarshal(lines.Bytes(), &entry) == nil {
				c.entries <- entry
			}
		}
		_ = c.cmd.Wait() // the tests look at ProcessState
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // it may be gone
		<-c.exited
		if t.Failed() {
			t.Logf("output of the daemon:\n%s", c.output)
		}
	})
	c.base = "http://" + c.await("serving")["address"].(string)
	return c
}

// await returns the next log entry with the message.
func (c *child) await(message string) map[string]any {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case entry := <-c.entries:
			if entry["msg"] == message {
				return entry
			}
		case <-c.exited:
			c.t.Fatalf("it ended before it logged %q", message)
		case <-deadline:
			c.t.Fatalf("it did not log %q", message)
		}
	}
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Fatal(err)
	}
}

// exitCode waits for the end.
func (c *child) exitCode() int {
	c.t.Helper()
	select {
	case <-c.exited:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		c.t.Fatal("it does not end")
		return -1
	}
}

// get returns status and body of an answer; headers come as name and value in turn.
func (c *child) get(path string, headers ...string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// ids returns the model IDs of the OpenAI list, which comes sorted.
func (c *child) ids() string {
	c.t.Helper()
	_, body := c.get("/v1/models")
	var list struct{ Data []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		c.t.Fatal(err)
	}
	var ids []string
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, " ")
}
