package faults

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestMain runs the tests, or, where a test started this binary as one, a replica. After the tests no goroutine may be
// left.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	if os.Getenv(childVariable) != "" {
		os.Exit(runChild())
	}
	// A default, which -parallel overrides: the tests wait for leases and for servers.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := redistest.Main(m)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// silent keeps the client library from printing each failed dial.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// long skips a test that takes its time, unless the environment asks for it.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("ROLLCALL_FAULTS") != "long" {
		t.Skip("takes its time; ROLLCALL_FAULTS=long runs it")
	}
}

// operation is the time for one operation of a replica that is not about to lose Redis, or has to wait until that is so.
const operation = 3 * time.Second

// patience is how long anything may take here before a test fails. It is for machines that run many tests at once.
const patience = 40 * time.Second

// eventually returns when check returns nil; after patience it fails the test with what check said last.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it did not come to this: %s: %v", what, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// quiet is a logger for replicas whose complaints are expected. ROLLCALL_FAULTS_LOG=1 shows them.
func quiet(name string) logrus.FieldLogger {
	logger := logrus.New()
	if os.Getenv("ROLLCALL_FAULTS_LOG") == "" {
		logger.SetOutput(io.Discard)
	}
	logger.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, TimestampFormat: "05.000"})
	return logger.WithField("at", name)
}
