package redistest

import (
	"context"
	"os"
	"sync"
	"testing"
)

// shared is the server of Shared, or why there is none.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared is the one redis-server of this test binary, started by whoever asks first. Tests keep apart in it by
// Namespace; they must not flush, reconfigure, kill or freeze it. Its clock is the machine's. It lives until Main is
// over.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.once.Do(startShared)
	demand(tb, shared.err)
	return shared.server
}

func startShared() {
	// It belongs to no test, so no test's context may end its start.
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		shared.err = err
		return
	}
	if shared.server, shared.err = startRedis(ctx, dir, Options{}); shared.err != nil {
		_ = os.RemoveAll(dir) // the first error says more
		return
	}
	// A running server that saves nothing has no use for its directory, and now nobody can leave it behind.
	if err := os.RemoveAll(dir); err != nil {
		shared.server.stop()
		shared.err = err
	}
}

// Main runs the tests of a binary and then stops what they shared. It returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }
func Main(m *testing.M) int {
	defer stopShared()
	return m.Run()
}

func stopShared() {
	shared.once.Do(func() {}) // nobody starts it any more
	if shared.server != nil {
		shared.server.stop()
	}
	stopLauncher()
}
