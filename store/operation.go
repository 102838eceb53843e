package store

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// newOperation names one operation: the last moment, in server ms, at which a script may still carry it out, and a
// random part that makes it unique. Repeated under the same name it gets its first answer.
func newOperation(lastMoment int64) string {
	return strconv.FormatInt(lastMoment, 10) + "-" + randomText(8)
}

// NewEpoch returns a name for a new history.
func newEpoch() string { return randomText(8) }

func randomText(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// Position is a point in the history of a namespace. Positions of one epoch are ordered by Revision; the nonce tells
// histories apart that share epoch and revision, as after a failover to a replica that had not received everything.
// The zero Position is before everything.
type Position struct {
	Epoch    string // names the history; a new one begins when data were lost
	Revision uint64 // counts the changes of the namespace
	Nonce    string // of the feed entry with this revision
}

// String returns the text form, epoch:revision:nonce, which ParsePosition reads. The zero Position is "".
func (p Position) String() string {
	if p == (Position{}) {
		return ""
	}
	return p.Epoch + ":" + strconv.FormatUint(p.Revision, 10) + ":" + p.Nonce
}

// ParsePosition reads the text form of a position. The error is an *InvalidError.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) == 3 && parts[0] != "" && parts[2] != "" {
		if revision, err := strconv.ParseUint(parts[1], 10, 64); err == nil {
			return Position{parts[0], revision, parts[2]}, nil
		}
	}
	return Position{}, &InvalidError{Field: "position", Problem: "must read epoch:revision:nonce"}
}

// MarshalText implements encoding.TextMarshaler.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

// Reply is what a script answered.
type Reply struct {
	Changed  bool      // false: everything was as wanted already, nothing was written
	Time     time.Time // the server's
	Position Position  // of the change, or the head where there was none
	// Entry is the change as the feed tells it; nil where nothing changed, and where only the feed has it: it is long, or
	// this is the answer to a repetition.
	Entry *Entry
	extra string
}
