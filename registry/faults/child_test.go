package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// childVariable makes this binary a replica: "url namespace replica lease".
const childVariable = "ROLLCALL_FAULTS_CHILD"

// runChild is the process of a replica. It does what the lines of its input say and answers each with a line: "nil", a
// number, or an error. It ends with its input.
func runChild() int {
	words := strings.Fields(os.Getenv(childVariable))
	url, namespace, id := words[0], words[1], words[2]
	lease, err := time.ParseDuration(words[3])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	ctx := context.Background()
	r, err := registry.Open(ctx, url, registry.Options{
		Namespace: namespace, ReplicaID: id, LeaseTTL: lease, OperationTimeout: patience, QuotaWindow: 100 * time.Hour,
		Logger: quiet(id),
	})
	fmt.Println(answer(err))
	if err != nil {
		return 1
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := append(strings.Fields(in.Text()), "", "", "")
		switch words[0] {
		case "register":
			fmt.Println(answer(r.RegisterClient(ctx, words[1], "child", infos(variants[0], "only-"+words[1]))))
		case "quota":
			fmt.Println(answer(r.SetModelQuotaExceeded(ctx, words[1], words[2])))
		case "suspend":
			fmt.Println(answer(r.SuspendClientModel(ctx, words[1], words[2], "manual")))
		case "count":
			fmt.Println(r.GetModelCount(words[1]))
		case "supports":
			fmt.Println(r.ClientSupportsModel(words[1], words[2]))
		case "close":
			fmt.Println(answer(r.Close()))
		}
	}
	return 0
}

func answer(err error) string {
	if err == nil {
		return "nil"
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// child is a replica in a process of its own.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// startChild starts a replica's process without waiting for it.
func startChild(t *testing.T, url, namespace, id string, lease time.Duration) *child {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join([]string{url, namespace, id, lease.String()}, " "))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	c := &child{t: t, cmd: cmd, in: in, out: bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

// openChild starts a replica's process and waits until the registry is open.
func openChild(t *testing.T, url, namespace, id string, lease time.Duration) *child {
	t.Helper()
	c := startChild(t, url, namespace, id, lease)
	c.want("nil")
	return c
}

// read returns the next answer.
func (c *child) read() string {
	if !c.out.Scan() {
		return fmt.Sprint("the process has ended: ", c.out.Err())
	}
	return c.out.Text()
}

func (c *child) want(answer string) {
	c.t.Helper()
	if got := c.read(); got != answer {
		c.t.Fatalf("the process answers %q, want %q", got, answer)
	}
}

// ask sends a line and returns the answer.
func (c *child) ask(format string, args ...any) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		return err.Error()
	}
	return c.read()
}

// do sends a line that must be answered with nil.
func (c *child) do(format string, args ...any) {
	c.t.Helper()
	if got := c.ask(format, args...); got != "nil" {
		c.t.Fatalf(format+": %s", append(args, got)...)
	}
}

// kill ends the process as kill -9 does. It may be called again.
func (c *child) kill() {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.t.Error(err)
	}
	_ = c.cmd.Wait() // the second time it says so
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	must(c.t, c.cmd.Process.Signal(s))
}
