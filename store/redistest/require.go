package redistest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const (
	// requireVariable turns skipped tests into failed ones when it is "1".
	requireVariable = "ROLLCALL_REQUIRE_REDIS"
	// serverVariable names the program to run in place of redis-server: its absolute path, or its name on PATH. Tests run
	// in the directories of their packages, so a relative path would mean another file in each.
	serverVariable = "ROLLCALL_TEST_SERVER"
)

// missingError says that a program or library is not installed.
type missingError struct {
	what    string // "redis-server"
	install string // how to get it
}

func (e *missingError) Error() string {
	return fmt.Sprintf("%s was not found: install %s", e.what, e.install)
}

// demand ends the test if err is not nil: skipped if something is not installed, else, or if the environment insists,
// failed.
func demand(tb testing.TB, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	var missing *missingError
	if !errors.As(err, &missing) {
		tb.Fatalf("redistest: %v", err)
	}
	if os.Getenv(requireVariable) == "1" {
		tb.Fatalf("redistest: %v (%s=1 forbids skipping)", err, requireVariable)
	}
	tb.Skipf("redistest: %v (%s=1 makes this a failure)", err, requireVariable)
}

// serverProgram is the path of the server's program, which is also the sentinel.
func serverProgram() (string, error) {
	name := cmp.Or(os.Getenv(serverVariable), "redis-server")
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case otherServer(): // somebody asked for it, so its absence is no reason to skip
		return "", fmt.Errorf("%s must be an absolute path or a name on PATH: %w", serverVariable, err)
	}
	return "", &missingError{what: name,
		install: "Redis 7.0 or newer (Debian: apt-get install redis-server) and have it on PATH"}
}

// otherServer is whether the tests run on a program that the environment names.
func otherServer() bool { return os.Getenv(serverVariable) != "" }
