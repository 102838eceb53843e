package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// replay is the state of a namespace as somebody knows it who reads a snapshot and then follows the feed.
type replay struct {
	clients map[string]*ClientRecord
	marks   map[string]*Mark // by client US model
	at      Position
}

// replayed is a snapshot with its entries applied.
func replayed(t *testing.T, snapshot *Snapshot) *replay {
	t.Helper()
	r := &replay{clients: maps.Clone(snapshot.Clients), marks: map[string]*Mark{}, at: snapshot.Start}
	for _, pair := range snapshot.Marks {
		r.marks[pair.Client+fieldSep+pair.Model] = pair.Mark
	}
	r.follow(t, snapshot.Entries)
	if r.at != snapshot.Head {
		t.Fatalf("the snapshot's entries end at %v, it says %v", r.at, snapshot.Head)
	}
	return r
}

// follow applies entries, which must follow on each other.
func (r *replay) follow(t *testing.T, entries []Entry) {
	t.Helper()
	for _, entry := range entries {
		if entry.Position.Revision != r.at.Revision+1 || entry.Previous != r.at.Nonce {
			t.Fatalf("%v does not follow on %v", entry.Position, r.at)
		}
		r.at = entry.Position
		r.apply(entry)
	}
}

func (r *replay) apply(entry Entry) {
	switch entry.Kind {
	case KindClient:
		r.clients[entry.Client] = entry.Record
		r.setMarks(entry.Marks)
	case KindJoined:
		r.join(entry.Client, entry.Holder)
	case KindMark:
		r.setMarks(entry.Marks)
	case KindGone, KindEvicted:
		r.remove(entry.Client)
	case KindReleased:
		for _, release := range entry.Released {
			record := r.clients[release.Client]
			if release.Gone {
				r.remove(release.Client)
			} else if record != nil { // else a page that was newer did not show it
				changed := *record
				changed.Holders = slices.DeleteFunc(slices.Clone(record.Holders), func(h string) bool { return h == entry.Holder })
				r.clients[release.Client] = &changed
			}
		}
	case KindAsserted:
		for _, one := range entry.Asserted {
			if one.Record == nil {
				r.join(one.Client, entry.Replica)
				continue
			}
			r.clients[one.Client] = one.Record
			r.removeMarks(one.Client)
			r.setMarks(one.Marks)
		}
	}
}

func (r *replay) join(client, holder string) {
	record := r.clients[client]
	if record != nil && !slices.Contains(record.Holders, holder) { // else a page that was newer did not show the client
		changed := *record
		changed.Holders = append(slices.Clone(record.Holders), holder)
		r.clients[client] = &changed
	}
}

func (r *replay) remove(client string) {
	delete(r.clients, client)
	r.removeMarks(client)
}

func (r *replay) removeMarks(client string) {
	maps.DeleteFunc(r.marks, func(pair string, _ *Mark) bool { return strings.HasPrefix(pair, client+fieldSep) })
}

func (r *replay) setMarks(marks []PairMark) {
	for _, pair := range marks {
		if pair.Mark == nil {
			delete(r.marks, pair.Client+fieldSep+pair.Model)
		} else {
			r.marks[pair.Client+fieldSep+pair.Model] = pair.Mark
		}
	}
}

// equals fails the test if this is not what Redis held at the last look. Marks that wait for a client concern nobody.
func (r *replay) equals(s *space) {
	s.t.Helper()
	got, want := map[string]string{}, map[string]string{}
	for client, record := range r.clients {
		got[client] = fmt.Sprintf("%+v", *record)
	}
	for client, text := range s.seen.hashes["clients"] {
		record, err := decodeClient(text)
		s.must(err)
		want[client] = fmt.Sprintf("%+v", *record)
	}
	for pair, mark := range r.marks {
		if client, _, _ := strings.Cut(pair, fieldSep); r.clients[client] != nil {
			got[pair] = mark.text
		}
	}
	for pair, text := range s.seen.hashes["marks"] {
		mark, err := decodePair(pair, text)
		s.must(err)
		if mark.Mark != nil && s.seen.hashes["clients"][mark.Client] != "" { // fences concern nobody
			want[pair] = text
		}
	}
	if r.at != s.head() {
		s.t.Errorf("known up to %v, the head is %v", r.at, s.head())
	}
	for name := range want {
		if got[name] != want[name] {
			s.t.Errorf("%q: known as %q, in Redis %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if want[name] == "" {
			s.t.Errorf("%q: known as %q, not in Redis", name, got[name])
		}
	}
}
