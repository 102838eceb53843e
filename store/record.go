package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The separators of records and payloads; control characters are forbidden in IDs and escaped in reasons.
const (
	fieldSep = "\x1f" // US, between fields
	groupSep = "\x1e" // RS, between the groups of a mark and the models of a roster
	partSep  = "\x1d" // GS, between the parts of a payload
)

// ClientRecord is a registered client as Redis holds it.
type ClientRecord struct {
	Provider     string   // lower-cased, may be empty
	Digest       string   // of its catalog
	RegisteredAt int64    // ms; when this definition was set, kept through a loss of the data
	Revision     uint64   // that set this definition
	Holders      []string // the replicas that can serve through it
}

// Mark says what keeps a client from serving a model. A part that is nil is not there.
type Mark struct {
	Quota      *MarkPart // over quota until a deadline
	Suspension *MarkPart // taken out of service, with a reason

	text string // as it stands in Redis, with what a newer version added
}

// MarkPart is one half of a mark.
type MarkPart struct {
	Until    int64  // ms; 0: no deadline
	Revision uint64 // that set it, or last spoke of it
	Since    int64  // ms
	Source   string // of a quota deadline
	Setter   string // replica
	Actor    string // the person who set it by hand, empty for a program
	Reason   string
}

// PairMark is the mark of one client and model; a nil Mark says that there is none any more.
type PairMark struct {
	Client, Model string
	Mark          *Mark
}

// Catalog is a list of model descriptions, opaque to the store, with the digest that names it.
type Catalog struct {
	Digest string
	JSON   []byte
	Roster []RosterEntry
}

// RosterEntry is one model of a catalog with the number of times it was listed.
type RosterEntry struct {
	Model  string
	Copies int
}

func encodeRoster(roster []RosterEntry) string {
	var b strings.Builder
	for _, entry := range roster {
		b.WriteString(groupSep + entry.Model + fieldSep + strconv.Itoa(entry.Copies))
	}
	return b.String()
}

// The decoders take what the scripts take, and nothing else: what only one of them can read would never be mended.
// TestBothReadTheSame holds them together.

func decodeRoster(text string) (roster []RosterEntry, err error) {
	groups := strings.Split(text, groupSep)
	if len(groups) < 2 || groups[0] != "" || strings.Contains(text, partSep) {
		return nil, fmt.Errorf("roster: %w: %q", errRecord, text)
	}
	for _, group := range groups[1:] {
		model, copies, _ := strings.Cut(group, fieldSep)
		n, ok := number(copies)
		if model == "" || !ok {
			return nil, fmt.Errorf("roster: %w: %q", errRecord, text)
		}
		roster = append(roster, RosterEntry{model, int(n)})
	}
	return roster, nil
}

var errRecord = errors.New("malformed record")

// number reads a number of a record, which has up to 15 digits: as many as Lua holds exactly.
func number(text string) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = 10*n + int64(digit-'0')
	}
	return n, true
}

func decodeClient(text string) (*ClientRecord, error) {
	fields := strings.Split(text, fieldSep)
	if len(fields) < 6 || strings.Contains(text, partSep) {
		return nil, fmt.Errorf("client: %w: %q", errRecord, text)
	}
	registered, ok1 := number(fields[2])
	revision, ok2 := number(fields[3])
	_, ok3 := number(fields[4])
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("client: %w: %q", errRecord, text)
	}
	record := &ClientRecord{Provider: fields[0], Digest: fields[1], RegisteredAt: registered, Revision: uint64(revision)}
	if fields[5] != "" {
		record.Holders = strings.Split(fields[5], ",")
	}
	return record, nil
}

// decodeMark reads a mark; nil without an error means that the text holds nothing that concerns a reader.
func decodeMark(text string) (*Mark, error) {
	if text == "" {
		return nil, nil
	}
	groups := strings.Split(text, groupSep)
	if len(groups) < 3 || strings.Contains(text, partSep) {
		return nil, fmt.Errorf("mark: %w: %q", errRecord, text)
	}
	quota, err1 := decodePart(groups[0])
	suspension, err2 := decodePart(groups[1])
	if err := errors.Join(err1, err2, checkFence(groups[2])); err != nil {
		return nil, err
	}
	if quota == nil && suspension == nil {
		return nil, nil
	}
	return &Mark{Quota: quota, Suspension: suspension, text: text}, nil
}

// encoded is the mark's text: as it came from Redis, or made anew for one that was made here.
func (m *Mark) encoded() string {
	if m.text != "" {
		return m.text
	}
	return m.Quota.encoded() + groupSep + m.Suspension.encoded() + groupSep
}

func (p *MarkPart) encoded() string {
	if p == nil {
		return ""
	}
	return strings.Join([]string{
		strconv.FormatInt(p.Until, 10), strconv.FormatUint(p.Revision, 10), strconv.FormatInt(p.Since, 10),
		p.Source, p.Setter, p.Actor, escape(p.Reason),
	}, fieldSep)
}

func decodePart(text string) (*MarkPart, error) {
	if text == "" {
		return nil, nil
	}
	fields := strings.Split(text, fieldSep)
	if len(fields) < 7 {
		return nil, fmt.Errorf("mark: %w: %q", errRecord, text)
	}
	until, ok1 := number(fields[0])
	revision, ok2 := number(fields[1])
	since, ok3 := number(fields[2])
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("mark: %w: %q", errRecord, text)
	}
	return &MarkPart{
		Until: until, Revision: uint64(revision), Since: since,
		Source: fields[3], Setter: fields[4], Actor: fields[5], Reason: unescape(fields[6]),
	}, nil
}

// checkFence says whether a fence can be read, which only scripts look at.
func checkFence(text string) error {
	if text == "" {
		return nil
	}
	until, rest, _ := strings.Cut(text, fieldSep)
	revision, _, _ := strings.Cut(rest, fieldSep)
	_, ok1 := number(until)
	_, ok2 := number(revision)
	if !ok1 || !ok2 {
		return fmt.Errorf("fence: %w: %q", errRecord, text)
	}
	return nil
}

// escape makes free text fit for a record: control characters and the escape itself become %XX.
func escape(text string) string {
	clean := func(r rune) bool { return r >= 0x20 && r != 0x7f && r != '%' }
	if strings.IndexFunc(text, func(r rune) bool { return !clean(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if clean(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "%%%02X", r)
		}
	}
	return b.String()
}

func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if code, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(code))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// decodePair reads a field of `marks`; slots and fences have a nil Mark.
func decodePair(field, text string) (PairMark, error) {
	client, model, ok := strings.Cut(field, fieldSep)
	switch {
	case !ok || (model != "" && text == ""):
		return PairMark{}, fmt.Errorf("mark: %w: field %q, %q", errRecord, field, text)
	case model == "":
		return PairMark{Client: client}, checkSlot(text)
	}
	mark, err := decodeMark(text)
	return PairMark{client, model, mark}, err
}

// checkSlot says whether a client's slot in `marks` can be read.
func checkSlot(text string) error {
	groups := strings.Split(text, groupSep)
	if len(groups) == 3 && !strings.Contains(text, partSep) {
		_, evicted := number(groups[0])
		_, ends := number(groups[1])
		if (evicted || groups[0] == "") && ends {
			return nil
		}
	}
	return fmt.Errorf("slot: %w: %q", errRecord, text)
}

// decodeTombstone reads a client's slot in `marks`: the revision of its eviction, 0 where it was not evicted.
func decodeTombstone(slot string) (evicted uint64) {
	revision, _, _ := strings.Cut(slot, groupSep)
	evicted, _ = strconv.ParseUint(revision, 10, 64) // empty for marks that wait
	return evicted
}
