package registry

import (
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/store"
)

// The errors of this package; use errors.Is.
var (
	// ErrInvalid: an argument, an option or a setting breaks a rule. Nothing was changed and Redis was not asked. The
	// error is an *InvalidError, which names the field.
	ErrInvalid = store.ErrInvalid
	// ErrNotRegistered: the client is not registered, or does not supply the model. Nothing was changed.
	ErrNotRegistered = store.ErrNotRegistered
	// ErrNoNamespace: nobody has begun the namespace, so there is nothing to write about. Only observers meet it, as they
	// create nothing.
	ErrNoNamespace = store.ErrEmpty
	// ErrPending: the write is safe and must not be repeated, but not everywhere yet. Either Redis cannot be reached: the
	// own view shows the write, and it is replayed in order, with its original deadlines, when Redis is back; a replay
	// that is refused is logged and counted. Or Redis has it and this replica's view could not be brought up in time.
	ErrPending = errors.New("pending")
	// ErrUnavailable: Redis did not answer within OperationTimeout, and the call was none that can wait.
	ErrUnavailable = store.ErrUnavailable
	// ErrEpoch: the position belongs to another history of the data in Redis, so waiting for it has no end.
	ErrEpoch = errors.New("position of another epoch")
	// ErrSlow: a Watcher's receiver was too far behind, so the watch ended. What it has heard is true up to the position
	// of the last event; a new watch tells the state anew.
	ErrSlow = errors.New("watcher is too slow")
	// ErrClosed: the registry was closed.
	ErrClosed = store.ErrClosed
	// ErrSchema: the namespace was written by a newer Rollcall, whose data this one does not understand.
	ErrSchema = store.ErrSchema
	// ErrUnsafeServer: the server cannot run Rollcall, for lack of a feature or of a right.
	ErrUnsafeServer = store.ErrUnsafeServer
)

// InvalidError says which field was refused and why. It matches ErrInvalid.
type InvalidError = store.InvalidError

func invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Problem: fmt.Sprintf(format, args...)}
}
