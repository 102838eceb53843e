package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// The exit codes, as the help of the root states them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2 // arguments or settings that cannot be used
	exitUnavailable = 3 // Redis, or the daemon, does not answer
)

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// hinted is an error that knows what to try.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage *usageError
	var setting *config.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &setting), errors.Is(err, registry.ErrInvalid):
		return exitUsage
	case errors.Is(err, registry.ErrUnavailable), errors.Is(err, errNoDaemon):
		return exitUnavailable
	default:
		return exitFailed
	}
}

// hintFor says what to try after an error of a verb; "" where the error says it.
func hintFor(code int, err error, verb *cobra.Command) string {
	var setting *config.Error
	var knows *hinted
	switch {
	case errors.As(err, &knows):
		return knows.hint
	case errors.As(err, &setting):
		return verb.CommandPath() + " --help for the settings; config.example.yaml explains each"
	case code == exitUsage:
		return verb.CommandPath() + " --help"
	case errors.Is(err, store.ErrBroken):
		return "rollcall verify, then rollcall verify --repair"
	case code == exitUnavailable:
		return "see that Redis runs at that address and lets this machine in"
	default:
		return ""
	}
}

// usage is a usageError of a text.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }
