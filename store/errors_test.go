package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// answered is an error that Redis answered with.
type answered string

func (a answered) Error() string { return string(a) }
func (a answered) RedisError()   {}

var _ redis.Error = answered("")

func TestScriptError(t *testing.T) {
	t.Parallel()
	for code, want := range codes {
		wantNow := "1700000000000"
		if code == "SCHEMA" { // which gives the schema
			wantNow = ""
		}
		now, got := scriptError(fmt.Errorf("wrapped: %w", answered("ROLLCALL "+code+" 1700000000000")))
		if !errors.Is(got, want) || now != wantNow {
			t.Errorf("%s: %v, at %q", code, got, now)
		}
	}
	if _, got := scriptError(answered("ROLLCALL NEWER x")); got == nil || errors.Is(got, ErrBroken) {
		t.Errorf("an unknown code: %v", got)
	}
	for _, err := range []error{io.EOF, answered("OOM command not allowed"), answered("ROLLCALL")} {
		if now, got := scriptError(err); got != err || now != "" {
			t.Errorf("%v becomes %v, at %q", err, got, now)
		}
	}
}

// Errors after which another try may help, and errors after which it cannot.
func TestPasses(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	for _, err := range []error{
		answered("LOADING Redis is loading the dataset in memory"), answered("READONLY You can't write against a read only replica."),
		answered("MASTERDOWN Link with MASTER is down"), answered("CLUSTERDOWN Hash slot not served"),
		answered("TRYAGAIN Multiple keys request during rehashing of slot"), answered("BUSY Redis is busy running a script."),
		answered("UNBLOCKED the stream key no longer exists"), answered("NOREPLICAS Not enough good replicas to write."),
		answered("OOM command not allowed when used memory > 'maxmemory'."), answered("MISCONF Redis is configured to save RDB snapshots"),
		io.EOF, io.ErrUnexpectedEOF, reset, &net.DNSError{Err: "no such host", Name: "redis"}, net.ErrClosed, io.ErrClosedPipe,
		context.DeadlineExceeded, redis.ErrPoolTimeout,
	} {
		if !passes(err) || !passes(fmt.Errorf("wrapped: %w", err)) {
			t.Errorf("%v: another try may help", err)
		}
	}
	for _, err := range []error{
		answered("ERR Error running script"), answered("WRONGTYPE Operation against a key holding the wrong kind of value"), answered("NOPERM this user has no permissions"),
		answered("WRONGPASS invalid username-password pair"), ErrBroken, errors.New("another"),
	} {
		if passes(err) {
			t.Errorf("%v: another try cannot help", err)
		}
	}
}

func TestUnsafe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"NOPERM this user has no permissions to run the 'xadd' command": ErrUnsafeServer,
		"ERR unknown command 'EVALSHA'":                                 ErrUnsafeServer,
		"WRONGPASS invalid username-password pair or user is disabled.": ErrInvalid,
		"NOAUTH Authentication required.":                               ErrInvalid,
		"ERR AUTH <password> called without any password configured":    ErrInvalid,
		"ERR Protocol error: unauthenticated multibulk length":          ErrInvalid,
		"ERR DB index is out of range":                                  ErrInvalid,
	} {
		if got := unsafe(answered(text)); !errors.Is(got, want) {
			t.Errorf("%q becomes %v", text, got)
		}
	}
	for _, err := range []error{io.EOF, answered("OOM command not allowed"), ErrBroken} {
		if got := unsafe(err); got != err {
			t.Errorf("%v becomes %v", err, got)
		}
	}
}
