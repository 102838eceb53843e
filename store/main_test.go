package store

import (
	"context"
	goflag "flag"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestMain looks for goroutines that are left when everything was closed.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	// A default, which -parallel overrides: some tests wait for clusters and sentinels.
	if err := goflag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	debug.SetGCPercent(400) // each run of a script in a miniredis makes garbage of a whole Lua
	code := redistest.Main(m)
	// A pool whose server died looks for it once a second, and notices then that it was closed.
	looking := goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")
	if err := goleak.Find(looking); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// silent keeps the client library from printing each failed dial of the tests in which servers die.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
