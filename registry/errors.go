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
	// ErrPending: Redis has accepted the write, but this replica's view could not be brought up to it in time. The
	// write is not lost and must not be repeated.
	ErrPending = errors.New("accepted, not yet visible here")
	// ErrUnavailable: Redis could not be asked within OperationTimeout. Nothing was changed, and nothing of the call
	// will be executed later; only where the connection broke after the request was sent may it have been executed.
	ErrUnavailable = store.ErrUnavailable
	// ErrEpoch: the position belongs to another history of the data in Redis, so waiting for it has no end.
	ErrEpoch = errors.New("position of another epoch")
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
