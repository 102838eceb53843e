package main_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// terminal is a pair of a terminal's ends: what a person sees and types, and what a program has.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	var number, unlocked int32
	raw, err := person.SyscallConn() // with Fd, deadlines would mean nothing any more
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		for request, value := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(value))); errno != 0 {
				t.Error(errno)
			}
		}
	}))
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// atTerminal runs a verb at a terminal, types a reply, and returns what is to be seen and the exit code.
func atTerminal(t *testing.T, env []string, reply string, args ...string) (seen string, code int) {
	t.Helper()
	person, program := terminal(t)
	cmd := command(t, env, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	must(t, cmd.Start())
	must(t, program.Close())
	_, err := person.WriteString(reply)
	must(t, err)
	must(t, person.SetReadDeadline(time.Now().Add(patience)))
	text, err := io.ReadAll(person)
	if err != nil && !errors.Is(err, syscall.EIO) { // so ends a terminal that nobody has any more
		t.Fatalf("after %q: %v", text, err)
	}
	_ = cmd.Wait() // the exit code says it
	return strings.ReplaceAll(string(text), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// dialogue is a verb at a terminal, what is replied to it, and how it ends.
type dialogue struct {
	args  []string
	reply string // empty: nothing is asked
	code  int
	want  string // of what is to be seen
}

// hold goes through dialogues; question is of what is asked where there is a reply.
func hold(t *testing.T, env []string, question string, dialogues []dialogue) {
	t.Helper()
	for _, c := range dialogues {
		seen, code := atTerminal(t, env, c.reply, c.args...)
		if code != c.code || !strings.Contains(seen, c.want) || strings.Contains(seen, question) != (c.reply != "") {
			t.Errorf("%q, told %q, ends with %d:\n%s\nwant %d and %q", c.args, c.reply, code, seen, c.code, c.want)
		}
	}
}

func TestATerminalIsAskedBeforeClientsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hold(t, w.http, "[y/N]", []dialogue{
		{[]string{"client", "evict", "key-1"}, "\n", 1, "Remove the client key-1 for all replicas? [y/N] "},
		{[]string{"client", "evict", "key-1"}, "n\n", 1, "rollcall: nothing was changed"},
		{[]string{"client", "evict", "key-1"}, "yes\n", 0, "The client key-1 is gone."},
		{[]string{"client", "evict", "key-2", "--yes"}, "", 0, "The client key-2 is gone."},
		{[]string{"client", "unregister", "key-3"}, "n\n", 1, "Remove the client key-3 for all replicas? [y/N] "},
		{[]string{"suspend", "key-3", "*", "--reason", "r"}, "n\n", 1, "Suspend the client key-3 for all its models, for all replicas? [y/N] "},
		{[]string{"suspend", "key-3", "openai/gpt-5:free", "--reason", "r"}, "n\n", 1, "Suspend openai/gpt-5:free of the client key-3, for all replicas? [y/N] "},
		{[]string{"suspend", "key-3", "openai/gpt-5:free"}, "", 2, "rollcall: --reason is missing"}, // it is not asked first
		{[]string{"suspend", "key-3", "openai/gpt-5:free", "--reason", "r"}, "y\n", 0, "suspended"},
	})
}

// TestATerminalIsAskedBeforeARepair, which costs the history, and not before a mere look.
func TestATerminalIsAskedBeforeARepair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hold(t, w.redis, "Mend what differs?", []dialogue{
		{[]string{"verify"}, "", 0, "All numbers are right."},
		{[]string{"verify", "--repair"}, "n\n", 1, "rollcall: nothing was changed"},
		{[]string{"verify", "--repair"}, "y\n", 0, "All numbers are right."},
		{[]string{"verify", "--repair", "--yes"}, "", 0, "All numbers are right."},
	})
}

// TestCtrlCIsNoToAQuestion: it ends the verb, and nothing was changed.
func TestCtrlCIsNoToAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person, program := terminal(t)
	cmd := command(t, w.http, "client", "evict", "key-1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	must(t, cmd.Start())
	must(t, program.Close())
	must(t, person.SetReadDeadline(time.Now().Add(patience)))
	var seen strings.Builder
	for buffer := make([]byte, 100); !strings.Contains(seen.String(), "[y/N]"); {
		n, err := person.Read(buffer)
		must(t, err)
		seen.Write(buffer[:n])
	}
	must(t, cmd.Process.Signal(os.Interrupt))
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != os.Interrupt {
		t.Errorf("it ended with %v", err)
	}
	succeeds(t, w.http, "client", "show", "key-1")
}

func TestColoursOnATerminalOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		env      []string
		args     []string
		coloured bool
	}{
		{nil, []string{"models"}, true},
		{[]string{"NO_COLOR=1"}, []string{"models"}, false},
		{[]string{"TERM=dumb"}, []string{"models"}, false},
		{nil, []string{"models", "-o", "json"}, false},
	} {
		seen, code := atTerminal(t, append(c.env, w.http...), "", c.args...)
		if code != 0 || !strings.Contains(seen, "claude-haiku-4-5") || strings.Contains(seen, "\x1b[32m") != c.coloured {
			t.Errorf("%v %v: exit code %d:\n%q", c.env, c.args, code, seen)
		}
	}
	if text := said(t, w.http, "models"); strings.Contains(text, "\x1b") {
		t.Errorf("not on a terminal: %q", text)
	}
}

func TestATerminalSeesHowFarABenchIs(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	env := []string{"REDIS_URL=" + server.URL()}
	seen, code := atTerminal(t, env, "", "bench", "--operations", "500")
	if code != 0 || !strings.Contains(seen, "measuring") {
		t.Errorf("exit code %d: %q", code, seen)
	}
	if text := said(t, env, "bench", "--operations", "20"); strings.Contains(text, "measuring") {
		t.Errorf("not on a terminal: %q", text)
	}
}
