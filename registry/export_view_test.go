package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// NewView makes a view of no registry, which runs by this machine's clock.
func NewView() *View { return newView(store.NewClock(), "") }

// NewViewOf makes one that has a local view of a replica's own clients.
func NewViewOf(replica string) *View { return newView(store.NewClock(), replica) }

// Own is the local view of a view.
func Own(v *View) *View { return v.own() }

// Catalogs are lists of models as views share them, by digest.
type Catalogs map[string]*catalog

// Change applies entries to a view, at the position where it stands, and shows them at once.
func Change(v *View, catalogs Catalogs, entries ...store.Entry) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, entry := range entries {
		if !apply(viewTarget{v, catalogs}, entry) {
			return errUnknownKind
		}
	}
	v.publish(v.listing.Load().position)
	return nil
}

// Anew makes a view of what another one has been told, in one step, with catalogs of its own.
func Anew(v *View, catalogs map[string][]*ModelInfo) (*View, error) {
	c := make(contents)
	for id, client := range v.known {
		c.setClient(id, client.record())
		for model, mark := range client.marks {
			c.setMark(id, model, mark)
		}
	}
	decoded, err := DecodeCatalogs(catalogs)
	if err != nil {
		return nil, err
	}
	anew := newView(v.clock, v.replica)
	anew.replace(c, decoded, Position{})
	return anew, nil
}

// DecodeCatalogs makes catalogs of lists of models.
func DecodeCatalogs(catalogs map[string][]*ModelInfo) (Catalogs, error) {
	decoded := make(Catalogs)
	for digest, models := range catalogs {
		encoded, err := encodeCatalog(models)
		if err != nil {
			return nil, err
		}
		if decoded[digest], err = decodeCatalog(digest, encoded.JSON); err != nil {
			return nil, err
		}
	}
	return decoded, nil
}

// Expire shows what time has changed, and says whether that was all.
func Expire(v *View) (all bool) {
	v.expire()
	until := v.listing.Load().until
	return until == 0 || until > v.clock.Millis()
}

// Moment tells later whether what a reader may hold of the view is still what it was.
func Moment(v *View) (unchanged func() bool) {
	held := v.listing.Load()
	before := held.text()
	type pair struct{ held, before map[string]*store.Mark }
	var marks []pair // as where clients are brought back
	for _, c := range v.known {
		marks = append(marks, pair{c.marks, maps.Clone(c.marks)})
	}
	return func() bool {
		changed := slices.ContainsFunc(marks, func(p pair) bool { return !maps.Equal(p.held, p.before) })
		return !changed && held.text() == before
	}
}

func (l *listing) text() string {
	var text strings.Builder
	fmt.Fprintln(&text, l.byID, l.newest)
	for slot := range l.states.size {
		m := l.states.at(slot)
		if m == nil {
			continue
		}
		fmt.Fprintf(&text, "%p %s %d %v %v:", m, m.id, m.registrations, m.names, m.listed)
		for _, s := range m.shares {
			fmt.Fprintf(&text, " %s %d", s.provider, s.free)
			for i := range s.clients.size {
				mark := s.clients.at(i)
				fmt.Fprintf(&text, " %s %d %d %d", mark.client, mark.quotaUntil, mark.cooldownUntil, mark.otherUntil)
			}
		}
		fmt.Fprintln(&text)
	}
	return text.String()
}

// Names is the set of model IDs that a client's list is looked up in.
func Names(ids ...string) (has func(id string) bool) {
	n := newNames(ids)
	return n.has
}
