package main_test

import (
	"bufio"
	"encoding/json"
	"errors"
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

const patience = 20 * time.Second // with what takes milliseconds on an idle machine

var binary string // the real one, built once

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "rollcall-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "rollcall")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
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

// command is the binary with an environment that says nothing about settings but what is given.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = t.TempDir() // no config.yaml here
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	return cmd
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
