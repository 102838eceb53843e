package registry_test

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestMain stops what the tests share, and fails when a registry that was closed left a goroutine behind.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	debug.SetGCPercent(400) // each run of a script in a miniredis makes garbage of a whole Lua
	code := redistest.Main(m)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// silent keeps the client library from printing each failed dial of the tests in which servers die.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
