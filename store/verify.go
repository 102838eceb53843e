package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Verification is what Verify found.
type Verification struct {
	// Position is where the history was at the last reading.
	Position Position `json:"position"`
	// Exact says that nothing was written during that reading. Otherwise a difference was seen in each of several
	// readings alike.
	Exact    bool `json:"exact"`
	Clients  int  `json:"clients"`
	Models   int  `json:"models"`
	Marks    int  `json:"marks"` // those of registered clients
	Replicas int  `json:"replicas"`
	// Differences are ordered by key and field; none where all is right.
	Differences []Difference `json:"differences"`
}

// Difference is a number in Redis that is not what clients, rosters and marks amount to, a lease or a roster that is
// missing, or a record that cannot be read.
type Difference struct {
	Key        string `json:"key"`   // of the namespace, without its prefix
	Field      string `json:"field"` // in that key; a model and a provider with " of " between
	Stored     string `json:"stored"`
	Recomputed string `json:"recomputed"`
}

// verifyReadings is how often a difference is looked for again while others write: so often that none is seen alike each
// time which is not there. A reading takes some 70 ms for 10,000 clients.
const verifyReadings = 12

// Verify recomputes counts, provider counts, uses of catalogs, numbers of marks, holds and sizes, and compares them with
// what is stored; and it looks for a lease of each replica with holds. It reads in pages while others write: what differs only because of that differs otherwise, or not at
// all, in the next reading. ErrEmpty for a namespace without data.
func (s *Store) Verify(ctx context.Context) (Verification, error) {
	var v Verification
	for reading := range verifyReadings {
		before, err := s.Trace(ctx)
		if err != nil {
			return Verification{}, err
		}
		if before == (Position{}) {
			return Verification{}, fmt.Errorf("verify: %w", ErrEmpty)
		}
		books, err := s.readBooks(ctx)
		if err != nil {
			return Verification{}, err
		}
		after, err := s.Trace(ctx)
		if err != nil {
			return Verification{}, err
		}
		found := books.differences()
		if reading > 0 {
			found = slices.DeleteFunc(found, func(d Difference) bool { return !slices.Contains(v.Differences, d) })
		}
		v = Verification{
			Position: after, Exact: before == after, Clients: len(books.clients), Models: len(books.counts.recomputed),
			Marks: books.registeredMarks, Replicas: books.sizes.recomputed["replicas"], Differences: found,
		}
		if len(found) == 0 || (reading > 0 && v.Exact) {
			break
		}
	}
	return v, nil
}

// ledger is one kind of number, stored and recomputed, by field. A field that is not there is as good as one at 0.
type ledger struct {
	key                string
	stored, recomputed map[string]int
}

func newLedger(key string) ledger { return ledger{key, make(map[string]int), make(map[string]int)} }

func (l *ledger) differences() (found []Difference) {
	for field, n := range l.recomputed {
		if l.stored[field] != n {
			found = append(found, l.difference(field))
		}
	}
	for field, n := range l.stored {
		if _, seen := l.recomputed[field]; !seen && n != 0 {
			found = append(found, l.difference(field))
		}
	}
	return found
}

func (l *ledger) difference(field string) Difference {
	return Difference{
		l.key, strings.Replace(field, fieldSep, " of ", 1), strconv.Itoa(l.stored[field]), strconv.Itoa(l.recomputed[field]),
	}
}

// books is all that is kept twice.
type books struct {
	clients                        map[string]*ClientRecord
	registeredMarks                int
	counts, providers, refs, marks ledger
	holds                          map[string]*ledger // by replica; 1 for a client that it holds
	leases                         map[string]bool    // replicas that have one, over or not
	sizes                          ledger
	missing                        map[string]bool // rosters
	unreadable                     []Difference
}

func (b *books) differences() []Difference {
	ledgers := []ledger{b.counts, b.providers, b.refs, b.marks, b.sizes}
	for _, held := range b.holds {
		ledgers = append(ledgers, *held)
	}
	found := slices.Clone(b.unreadable)
	if found == nil {
		found = []Difference{}
	}
	for _, one := range ledgers {
		found = append(found, one.differences()...)
	}
	for replica, held := range b.holds {
		if n := max(len(held.stored), len(held.recomputed)); n > 0 && !b.leases[replica] {
			found = append(found, Difference{"leases", replica, "none", "that of " + strconv.Itoa(n) + " holds"})
		}
	}
	for digest := range b.missing {
		found = append(found, Difference{"rosters", digest, "none", "that of " + strconv.Itoa(b.refs.recomputed[digest]) + " clients"})
	}
	slices.SortFunc(found, func(x, y Difference) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Field, y.Field))
	})
	return found
}

// readBooks reads the namespace once.
func (s *Store) readBooks(ctx context.Context) (*books, error) {
	b := &books{
		clients: make(map[string]*ClientRecord), holds: make(map[string]*ledger), leases: make(map[string]bool),
		missing: make(map[string]bool), counts: newLedger("counts"), providers: newLedger("providers"),
		refs: newLedger("catalog_refs"), marks: newLedger("clients (number of marks)"), sizes: newLedger("meta (size)"),
	}
	rosters := make(map[string][]RosterEntry)
	err := s.scan(ctx, s.keys.rosters(), func(digest, text string) error {
		roster, err := decodeRoster(text)
		if err != nil {
			b.cannotRead("rosters", digest, text, "a list of models")
		}
		rosters[digest] = roster
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.scan(ctx, s.keys.clients(), func(client, text string) error {
		record, err := decodeClient(text)
		if err != nil {
			b.cannotRead("clients", client, text, "the record of a client")
			return nil
		}
		b.clients[client] = record
		b.marks.stored[client], err = strconv.Atoi(strings.Split(text, fieldSep)[4])
		return err
	})
	if err != nil {
		return nil, err
	}
	b.recompute(rosters)
	marks := make(map[string]bool)
	err = s.scan(ctx, s.keys.marks(), func(field, text string) error {
		if _, err := decodePair(field, text); err != nil {
			b.cannotRead("marks", field, text, "a mark") // or what waits for a client, or keeps it away
		}
		client, model, _ := strings.Cut(field, fieldSep)
		if b.clients[client] != nil && model != "" && !marks[field] {
			marks[field] = true
			b.marks.recomputed[client]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.registeredMarks = len(marks)
	for _, one := range []*ledger{&b.counts, &b.providers, &b.refs} {
		err := s.scan(ctx, s.keys.prefix+one.key, func(field, text string) error {
			number, _, _ := strings.Cut(text, " ") // catalogs that are not in use: since when
			n, err := strconv.Atoi(number)
			if err != nil {
				b.cannotRead(one.key, field, text, "a number")
				n = one.recomputed[field] // it is told once
			}
			one.stored[field] = n
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := s.readSizes(ctx, b); err != nil {
		return nil, err
	}
	if err := s.readHolds(ctx, b); err != nil {
		return nil, err
	}
	leases, err := s.leases(ctx)
	for _, one := range leases {
		b.leases[one.Replica] = true
	}
	return b, err
}

// cannotRead takes note of a record that is none; want is what it should be.
func (b *books) cannotRead(key, field, text, want string) {
	d := Difference{key, strings.Replace(field, fieldSep, " of ", 1), fmt.Sprintf("%.32q", text), want}
	if !slices.Contains(b.unreadable, d) { // a scan may show a field twice
		b.unreadable = append(b.unreadable, d)
	}
}

// recompute works out what the clients amount to.
func (b *books) recompute(rosters map[string][]RosterEntry) {
	for client, record := range b.clients {
		b.refs.recomputed[record.Digest]++
		roster, found := rosters[record.Digest]
		if !found {
			b.missing[record.Digest] = true
		}
		for _, entry := range roster {
			b.counts.recomputed[entry.Model] += entry.Copies
			if record.Provider != "" {
				b.providers.recomputed[entry.Model+fieldSep+record.Provider] += entry.Copies
			}
		}
		for _, holder := range record.Holders {
			b.heldBy(holder).recomputed[client] = 1
		}
	}
}

func (b *books) heldBy(replica string) *ledger {
	if b.holds[replica] == nil {
		held := newLedger("holds:" + replica)
		b.holds[replica] = &held
	}
	return b.holds[replica]
}

// readHolds reads the sets of all replicas that are known.
func (s *Store) readHolds(ctx context.Context, b *books) error {
	for replica, held := range b.holds {
		clients, _, err := retried(ctx, func(ctx context.Context) ([]string, struct{}, error) {
			// More than there can be means all of them, once each.
			clients, err := s.client.SRandMemberN(ctx, s.keys.holds(replica), 1<<30).Result()
			return clients, struct{}{}, err
		})
		if err != nil {
			return fmt.Errorf("read holds of %s: %w", replica, unsafe(err))
		}
		for _, client := range clients {
			held.stored[client] = 1
		}
	}
	return nil
}

// readSizes reads the size of each key and what meta says of it, all in one pipeline. Where the head moved meanwhile it
// reads again, some times.
func (s *Store) readSizes(ctx context.Context, b *books) error {
	for range verifyReadings {
		if same, err := s.trySizes(ctx, b); same || err != nil {
			return err
		}
	}
	return nil // what was read last may be wrong, and differs the next time
}

func (s *Store) trySizes(ctx context.Context, b *books) (same bool, err error) {
	names := []string{"rev", "tail", "deadline"}
	if err := s.scan(ctx, s.keys.meta(), func(field, text string) error { names = append(names, field); return nil }); err != nil {
		return false, err
	}
	var before, after *redis.SliceCmd
	commands, _, err := retried(ctx, func(ctx context.Context) (map[string]*redis.IntCmd, struct{}, error) {
		commands := make(map[string]*redis.IntCmd)
		_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			before = pipe.HMGet(ctx, s.keys.meta(), names...)
			for _, name := range []string{"clients", "catalogs", "rosters", "catalog_refs", "counts", "providers", "marks", "replicas"} {
				commands[name] = pipe.HLen(ctx, s.keys.prefix+name)
			}
			for _, name := range []string{"leases", "ops", "deadlines"} {
				commands[name] = pipe.ZCard(ctx, s.keys.prefix+name)
			}
			commands["feed"] = pipe.XLen(ctx, s.keys.feed())
			for _, field := range names {
				if strings.HasPrefix(field, "holds:") {
					commands[field] = pipe.SCard(ctx, s.keys.prefix+field)
				}
			}
			after = pipe.HMGet(ctx, s.keys.meta(), "rev", "tail")
			return nil
		})
		return commands, struct{}{}, err
	})
	if err != nil {
		return false, fmt.Errorf("read sizes: %w", unsafe(err))
	}
	meta := make(map[string]string)
	for i, name := range names {
		meta[name], _ = before.Val()[i].(string)
	}
	number := func(field string) int { n, _ := strconv.Atoi(meta[field]); return n }
	for name, command := range commands {
		if replica, ok := strings.CutPrefix(name, "holds:"); ok {
			b.heldBy(replica)
		}
		stored := number(name)
		switch latest, _ := strconv.ParseInt(meta["deadline"], 10, 64); name {
		case "feed", "ops": // meta has how many revisions they lack
			stored = number("rev") - stored
		case "deadlines":
			if latest <= s.clock.Millis() {
				continue // it goes by itself
			}
		}
		b.sizes.stored[name], b.sizes.recomputed[name] = stored, int(command.Val())
	}
	return slices.Equal(before.Val()[:2], after.Val()), nil
}
