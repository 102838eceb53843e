package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Kind says what a feed entry tells.
type Kind string

// The kinds of entries. A reader that meets another one must read everything anew.
const (
	KindClient   Kind = "client"   // Client now has Record; Marks changed with it
	KindJoined   Kind = "joined"   // Holder holds Client, too, which stays as it is
	KindGone     Kind = "gone"     // Client was unregistered, its marks with it
	KindEvicted  Kind = "evicted"  // Client was removed for everybody, its marks with it; who held it holds it no more
	KindReleased Kind = "released" // Holder gave up the clients in Released
	KindAsserted Kind = "asserted" // Replica re-asserted the clients in Asserted; All: it holds no others
	KindMark     Kind = "mark"     // Marks[0] is the mark of a pair now
	KindEpoch    Kind = "epoch"    // a history began; Reason says why
)

// Entry is one change of the namespace.
type Entry struct {
	Position Position
	Previous string // nonce of the entry before
	Time     int64  // ms, server
	Replica  string // who made it
	Actor    string // the person behind it, or empty
	Kind     Kind

	Client   string
	Record   *ClientRecord
	Marks    []PairMark
	Holder   string
	Released []Release
	Asserted []Asserted
	All      bool
	Reason   string
}

// Release is one client that a holder gave up; Gone says that nobody else holds it.
type Release struct {
	Client string
	Gone   bool
}

// Asserted is one client that a replica re-asserted. Without a Record the replica only joined its holders, and its
// marks stay as they are; else Marks are all that it has.
type Asserted struct {
	Client string
	Record *ClientRecord
	Marks  []PairMark
}

func decodeEntry(message redis.XMessage) (Entry, error) {
	field := func(name string) string { text, _ := message.Values[name].(string); return text }
	id, _, _ := strings.Cut(message.ID, "-")
	revision, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return Entry{}, fmt.Errorf("feed entry %s: %w", message.ID, errRecord)
	}
	entry := Entry{
		Position: Position{field("epoch"), revision, field("nonce")},
		Previous: field("prev"), Replica: field("replica"), Actor: field("actor"), Kind: Kind(field("kind")),
	}
	if entry.Time, err = strconv.ParseInt(field("time"), 10, 64); err == nil {
		err = entry.decodePayload(field("payload"))
	}
	if err != nil {
		return Entry{}, fmt.Errorf("feed entry %s: %w", message.ID, err)
	}
	return entry, nil
}

func (e *Entry) decodePayload(payload string) (err error) {
	parts := strings.Split(payload, partSep)
	switch e.Kind {
	case KindClient:
		if len(parts) < 2 || len(parts)%2 != 0 {
			return errRecord
		}
		e.Client = parts[0]
		if e.Record, err = decodeClient(parts[1]); err != nil {
			return err
		}
		for i := 2; i < len(parts); i += 2 {
			mark, markErr := decodeMark(parts[i+1])
			err = errors.Join(err, markErr)
			e.Marks = append(e.Marks, PairMark{e.Client, parts[i], mark})
		}
	case KindJoined:
		if len(parts) != 2 {
			return errRecord
		}
		e.Client, e.Holder = parts[0], parts[1]
	case KindGone, KindEvicted:
		e.Client = parts[0]
	case KindReleased:
		if len(parts)%2 != 1 {
			return errRecord
		}
		e.Holder = parts[0]
		for i := 1; i < len(parts); i += 2 {
			e.Released = append(e.Released, Release{parts[i], parts[i+1] == "gone"})
		}
	case KindAsserted:
		e.All = parts[0] == "1"
		e.Asserted, err = decodeAsserted(parts[1:])
	case KindMark:
		if len(parts) != 3 {
			return errRecord
		}
		e.Client = parts[0]
		mark, markErr := decodeMark(parts[2])
		err = markErr
		e.Marks = []PairMark{{e.Client, parts[1], mark}}
	case KindEpoch:
		e.Reason = unescape(parts[0])
	}
	return err
}

func decodeAsserted(parts []string) (asserted []Asserted, err error) {
	for len(parts) > 0 {
		if len(parts) < 3 {
			return nil, errRecord
		}
		one, count := Asserted{Client: parts[0]}, 0
		if parts[1] != "" || parts[2] != "-" {
			if one.Record, err = decodeClient(parts[1]); err != nil {
				return nil, err
			}
			if count, err = strconv.Atoi(parts[2]); err != nil {
				return nil, errRecord
			}
		}
		parts = parts[3:]
		if count < 0 || len(parts) < 2*count {
			return nil, errRecord
		}
		for i := range count {
			mark, err := decodeMark(parts[2*i+1])
			if err != nil {
				return nil, err
			}
			one.Marks = append(one.Marks, PairMark{one.Client, parts[2*i], mark})
		}
		parts = parts[2*count:]
		asserted = append(asserted, one)
	}
	return asserted, nil
}
