package redistest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// requireVariable turns skipped tests into failed ones when it is "1".
const requireVariable = "ROLLCALL_REQUIRE_REDIS"

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

// redisServer is the path of redis-server, which is also the sentinel.
func redisServer() (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", &missingError{what: "redis-server",
			install: "Redis 7.0 or newer (Debian: apt-get install redis-server) and have it on PATH"}
	}
	return path, nil
}
