package redistest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// childVariable names what a child of this test binary has to do; see TestChild.
const childVariable = "REDISTEST_CHILD"

func TestMain(m *testing.M) {
	// A default, which -parallel overrides: the tests wait for processes.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := Main(m)
	if code == 0 && os.Getenv(childVariable) == "" {
		if err := noGoroutinesLeft(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// noGoroutinesLeft is nil if none of this package's goroutines besides the caller's remains. It waits a little: one
// that has said that it is done still has to end.
func noGoroutinesLeft() error {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	return await(ctx, "the goroutines of redistest to end", func(context.Context) error {
		buf := make([]byte, 1<<20)
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(stack, "store/redistest.") && !strings.Contains(stack, "TestMain") {
				return errors.New(stack)
			}
		}
		return nil
	})
}

// child is a command that runs TestChild in a process of its own, told what to do.
func child(t *testing.T, what string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	return cmd
}

// waitFor fails the test if check does not return nil within a generous time.
func waitFor(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := await(ctx, what, check); err != nil {
		t.Fatal(err)
	}
}

// ok fails the test if err is not nil.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dial connects to a server, or a proxy, by hand: what is sent on such a connection has been sent for certain.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	return conn
}

// send sends a command that must not be answered.
func send(t *testing.T, conn net.Conn, command ...string) {
	t.Helper()
	text := fmt.Sprintf("*%d\r\n", len(command))
	for _, word := range command {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	_, err := io.WriteString(conn, text)
	ok(t, err)
	ok(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("what is frozen answers %q: %v", command, err)
	}
}
