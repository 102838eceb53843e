package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestChild is not a test by itself: it is what the other process does in the tests below.
func TestChild(t *testing.T) {
	switch os.Getenv(childVariable) {
	case "":
		t.Skip("only for the tests that start it")
	case "shared":
		Shared(t)
	case "movable":
		Redis(t, Options{MovableClock: true})
	case "die":
		shared, movable := Shared(t), Redis(t, Options{MovableClock: true})
		fmt.Println("address", shared.Addr(), shared.PID())
		fmt.Println("address", movable.Addr(), movable.PID())
		_, _ = os.Stdin.Read(make([]byte, 1)) // until told to
		panic("as told")
	}
}

func TestProcessesDieWithTheTestBinary(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties processes to their parent")
	}
	demandRedis(t)
	ends := map[string]func(*exec.Cmd, *os.File) error{
		"panic": func(_ *exec.Cmd, stdin *os.File) error { return stdin.Close() },
		"kill":  func(cmd *exec.Cmd, _ *os.File) error { return cmd.Process.Kill() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := child(t, "die")
			cmd.Env = append(cmd.Env, "TMPDIR="+t.TempDir()) // it cannot tidy up
			in, stdin, err := os.Pipe()
			ok(t, err)
			defer in.Close()
			defer stdin.Close()
			cmd.Stdin = in
			stdout, err := cmd.StdoutPipe()
			ok(t, err)
			ok(t, cmd.Start())
			servers := map[string]int{} // address to PID
			for lines := bufio.NewScanner(stdout); len(servers) < 2 && lines.Scan(); {
				var addr string
				var pid int
				if _, err := fmt.Sscanf(lines.Text(), "address %s %d", &addr, &pid); err == nil {
					servers[addr] = pid
				}
			}
			if len(servers) != 2 {
				t.Fatal("the child started no servers")
			}
			ok(t, end(cmd, stdin))
			if err := cmd.Wait(); err == nil {
				t.Error("the child ended as if nothing had happened")
			}
			for addr, pid := range servers {
				waitFor(t, "the server to be gone", func(context.Context) error {
					conn, err := net.Dial("tcp", addr)
					if err != nil {
						return nil
					}
					return errors.Join(errors.New("it accepts connections"), conn.Close())
				})
				removeFaketimeLeftovers(pid)
			}
		})
	}
}

func TestMissingServerSkipsOrFails(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"shared", "movable"} {
		for required, want := range map[string]string{"": "--- SKIP", "1": "--- FAIL"} {
			t.Run(what+required, func(t *testing.T) {
				t.Parallel()
				cmd := child(t, what)
				cmd.Env = append(cmd.Env, "PATH=/nonexistent", requireVariable+"="+required, serverVariable+"=")
				out, err := cmd.CombinedOutput()
				if failed := err != nil; failed != (required == "1") {
					t.Errorf("the child ended with %v", err)
				}
				text := string(out)
				if !strings.Contains(text, want) || !strings.Contains(text, "was not found: install") {
					t.Errorf("no %q that says what to install in:\n%s", want, text)
				}
			})
		}
	}
}

// demandRedis ends the test as every server here does if there is no redis-server.
func demandRedis(t *testing.T) {
	t.Helper()
	_, err := serverProgram()
	demand(t, err)
	_, err = faketimeLibrary()
	demand(t, err)
}
