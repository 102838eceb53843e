package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The errors of this package; use errors.Is.
var (
	// ErrInvalid: an argument breaks a rule; Redis was not asked.
	ErrInvalid = errors.New("invalid")
	// ErrNotRegistered: no such client, or it does not supply the model.
	ErrNotRegistered = errors.New("client does not supply the model")
	// ErrUnavailable: Redis did not answer in time.
	ErrUnavailable = errors.New("redis unavailable")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("closed")
	// ErrSchema: the data were written by a newer version.
	ErrSchema = errors.New("schema of a newer version")
	// ErrUnsafeServer: the server lacks a feature or a right that Rollcall needs.
	ErrUnsafeServer = errors.New("unsafe server")
	// ErrEmpty: the namespace holds no data.
	ErrEmpty = errors.New("namespace is empty")
	// ErrAnotherEpoch: the caller has not seen the history that Redis has.
	ErrAnotherEpoch = errors.New("redis has another epoch")
	// ErrBroken: a part of the namespace's data is gone.
	ErrBroken = errors.New("data of the namespace are damaged")
	// ErrUnreadable: a record is none that this version understands, or any other. It is an ErrBroken.
	ErrUnreadable = fmt.Errorf("a record cannot be read, see rollcall verify: %w", ErrBroken)

	// ErrLive: it must not be done while replicas live.
	ErrLive = errors.New("replicas of the namespace are alive")

	// ErrTaken: another process has this replica's name, so this one changes nothing of what is held under it.
	ErrTaken = errors.New("another process is this replica")

	errNoCatalog = errors.New("catalog is not in Redis")
	// errClosing: the call came too late or was cut off. It is one that got no answer, so it is no refusal either.
	errClosing = fmt.Errorf("%w: %w", ErrUnavailable, ErrClosed)
	errClock   = errors.New("operation came outside its time")
)

// InvalidError names the field that was refused. It matches ErrInvalid.
type InvalidError struct {
	Field   string // as the caller knows it, such as "clientID" or "models[3].id"
	Problem string // what is wrong, and what would be right
}

// Error implements error.
func (e *InvalidError) Error() string { return e.Field + ": " + e.Problem }

// Is makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// codes maps the error codes of the scripts, "ROLLCALL <CODE> ...", to errors.
var codes = map[string]error{
	"BROKEN":        ErrBroken,
	"CLOCK":         errClock,
	"EMPTY":         ErrEmpty,
	"EPOCH":         ErrAnotherEpoch,
	"LIVE":          ErrLive,
	"NOCATALOG":     errNoCatalog,
	"NOTREGISTERED": ErrNotRegistered,
	"SCHEMA":        ErrSchema,
	"TAKEN":         ErrTaken,
	"UNREADABLE":    ErrUnreadable,
}

// scriptError translates what a script refused, with the server's time that it gave; other errors come back as they
// are.
func scriptError(err error) (now string, translated error) {
	var refused redis.Error
	if !errors.As(err, &refused) {
		return "", err
	}
	// What a script ends with of itself comes with words of the server around it.
	_, rest, ok := strings.Cut(refused.Error(), "ROLLCALL ")
	if !ok {
		return "", err
	}
	code, detail, _ := strings.Cut(rest, " ")
	known, ok := codes[code]
	if !ok {
		return detail, fmt.Errorf("script refused with unknown code %q", code)
	}
	if known == ErrSchema {
		return "", fmt.Errorf("%w: %s", known, detail)
	}
	return detail, known
}

// transient are the starts of Redis' errors that pass by themselves: during start, failover, or a move of slots, or
// when there is room again.
var transient = []string{
	"ASK ", "OOM", "MISCONF", "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED", "BUSY",
	"NOREPLICAS",
}

// passes says whether another try at the same operation may succeed: nothing was answered, or Redis was not ready.
func passes(err error) bool {
	var answered redis.Error
	if errors.As(err, &answered) {
		for _, start := range transient {
			if strings.HasPrefix(answered.Error(), start) {
				return true
			}
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// unsafe translates what Redis refuses for good for lack of a right or a feature, and what the client library says of
// connections that were closed.
func unsafe(err error) error {
	if errors.Is(err, redis.ErrClosed) {
		return errClosing
	}
	var answered redis.Error
	if !errors.As(err, &answered) {
		return err
	}
	text := answered.Error()
	switch {
	case strings.HasPrefix(text, "NOPERM"), strings.HasPrefix(text, "ERR unknown command"),
		// What is unknown to a script, in the words of Redis and of Valkey.
		strings.HasPrefix(text, "ERR Unknown Redis command called from script"),
		strings.HasPrefix(text, "ERR Unknown command called from script"),
		// What a script may not use, in the words of Redis 7.2 and 7.0.
		strings.HasPrefix(text, "ERR ACL failure in script"),
		strings.HasPrefix(text, "ERR The user executing the script can't run this command"):
		return fmt.Errorf("%w: %s", ErrUnsafeServer, text)
	case strings.HasPrefix(text, "WRONGPASS"), strings.HasPrefix(text, "NOAUTH"),
		strings.HasPrefix(text, "ERR Protocol error: unauthenticated"): // NOAUTH, for a call as large as a script's
		return &InvalidError{Field: "redis URL", Problem: "user or password refused by the server"}
	case strings.HasPrefix(text, "ERR AUTH"), strings.HasPrefix(text, "ERR invalid password"):
		return &InvalidError{Field: "redis URL", Problem: "the server takes no such password"}
	case strings.HasPrefix(text, "ERR DB index"):
		return &InvalidError{Field: "redis URL", Problem: "the server has no such database number"}
	}
	return err
}
