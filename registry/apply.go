package registry

import (
	"maps"
	"reflect"
	"slices"

	"github.com/rollcall-dev/rollcall/store"
)

// target is what feed entries are applied to: the view, or the contents that a resync gathers aside.
type target interface {
	setClient(id string, record *store.ClientRecord)
	removeClient(id string)
	addHolder(id, holder string)
	removeHolder(id, holder string)
	clearMarks(id string)
	dropMarks(id string) // those that no actor set
	setMark(id, model string, mark *store.Mark)

	recordOf(id string) *store.ClientRecord // nil: not there
	markOf(id, model string) *store.Mark    // nil: none
}

// apply carries an entry out. It returns false for a kind it does not know, of a newer version: then only reading
// everything anew helps. Entries are absolute, so one that is applied twice does no harm.
func apply(to target, entry store.Entry) bool {
	switch entry.Kind {
	case store.KindClient:
		to.setClient(entry.Client, entry.Record)
		for _, pair := range entry.Marks {
			to.setMark(entry.Client, pair.Model, pair.Mark)
		}
	case store.KindJoined:
		to.addHolder(entry.Client, entry.Holder)
	case store.KindMark:
		to.setMark(entry.Client, entry.Marks[0].Model, entry.Marks[0].Mark)
	case store.KindGone, store.KindEvicted:
		to.removeClient(entry.Client)
	case store.KindReleased:
		for _, release := range entry.Released {
			if release.Gone {
				to.removeClient(release.Client)
			} else {
				to.removeHolder(release.Client, entry.Holder)
			}
		}
	case store.KindAsserted:
		for _, one := range entry.Asserted {
			if one.Record == nil {
				to.addHolder(one.Client, entry.Replica)
				continue
			}
			to.setClient(one.Client, one.Record)
			to.clearMarks(one.Client)
			for _, pair := range one.Marks {
				to.setMark(one.Client, pair.Model, pair.Mark)
			}
		}
	case store.KindEpoch:
	default:
		return false
	}
	return true
}

// contents is a namespace as a snapshot shows it, before a view is made of it.
type contents map[string]*clientContent

type clientContent struct {
	record *store.ClientRecord
	marks  map[string]*store.Mark
}

func (c contents) setClient(id string, record *store.ClientRecord) {
	if old := c[id]; old != nil {
		old.record = record
		return
	}
	c[id] = &clientContent{record: record, marks: make(map[string]*store.Mark)}
}

func (c contents) removeClient(id string) { delete(c, id) }

func (c contents) addHolder(id, holder string) {
	if client := c[id]; client != nil && !slices.Contains(client.record.Holders, holder) {
		record := *client.record
		record.Holders = append(slices.Clone(record.Holders), holder)
		client.record = &record
	}
}

func (c contents) removeHolder(id, holder string) {
	if client := c[id]; client != nil {
		record := *client.record
		record.Holders = slices.DeleteFunc(slices.Clone(record.Holders), func(h string) bool { return h == holder })
		client.record = &record
	}
}

func (c contents) clearMarks(id string) {
	if client := c[id]; client != nil {
		clear(client.marks)
	}
}

func (c contents) dropMarks(id string) {
	if client := c[id]; client != nil {
		for model, mark := range client.marks {
			c.setMark(id, model, byHand(mark))
		}
	}
}

func (c contents) setMark(id, model string, mark *store.Mark) {
	client := c[id]
	switch {
	case client == nil:
	case mark == nil:
		delete(client.marks, model)
	default:
		client.marks[model] = mark
	}
}

func (c contents) recordOf(id string) *store.ClientRecord {
	if client := c[id]; client != nil {
		return client.record
	}
	return nil
}

func (c contents) markOf(id, model string) *store.Mark {
	if client := c[id]; client != nil {
		return client.marks[model]
	}
	return nil
}

// newContents makes the contents at the snapshot's head: its pages, and the entries that came in meanwhile on top.
func newContents(snapshot *store.Snapshot) (contents, bool) {
	c := make(contents, len(snapshot.Clients))
	for id, record := range snapshot.Clients {
		c.setClient(id, record)
	}
	for _, pair := range snapshot.Marks {
		c.setMark(pair.Client, pair.Model, pair.Mark)
	}
	for _, entry := range snapshot.Entries {
		if !apply(c, entry) {
			return nil, false
		}
	}
	return c, true
}

// viewTarget applies entries to a view; catalogs are the ones that the view may lack.
type viewTarget struct {
	*View
	catalogs map[string]*catalog
}

func (t viewTarget) setClient(id string, record *store.ClientRecord) {
	t.View.setClient(id, record, t.catalogs[record.Digest])
}

// addHolder adds in place: nothing that leaves the view shares its list of holders.
func (v *View) addHolder(id, holder string) {
	if c := v.known[id]; c != nil && !slices.Contains(c.holders, holder) {
		c.holders = append(c.holders, holder)
		v.mirror(c)
	}
}

func (v *View) dropMarks(id string) {
	if c := v.known[id]; c != nil {
		for model, mark := range maps.Clone(c.marks) {
			v.setMark(id, model, byHand(mark))
		}
	}
}

// byHand is what actors set of a mark; nil for nothing.
func byHand(mark *store.Mark) *store.Mark {
	left := *mark
	if left.Quota != nil && left.Quota.Actor == "" {
		left.Quota = nil
	}
	if left.Suspension != nil && left.Suspension.Actor == "" {
		left.Suspension = nil
	}
	switch {
	case left.Quota == nil && left.Suspension == nil:
		return nil
	case left.Quota == mark.Quota && left.Suspension == mark.Suspension:
		return mark
	}
	return &store.Mark{Quota: left.Quota, Suspension: left.Suspension}
}

// advance applies entries, then lets waiting writes show themselves on top, and shows all at once. Entries that the
// view shows already are passed over. Errors: errUnknownKind for an entry that is not understood, a *store.DivergedError
// where the view shows another change than the entry; what came before it is shown.
func (v *View) advance(entries []store.Entry, catalogs map[string]*catalog, waiting func(to target)) (err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	position := v.listing.Load().position
	for _, entry := range entries {
		switch at := entry.Position; {
		case at.Epoch == position.Epoch && at.Revision < position.Revision, at == position:
			continue
		case at.Epoch == position.Epoch && at.Revision == position.Revision:
			err = &store.DivergedError{Reason: "chain"}
		case !apply(viewTarget{v, catalogs}, entry):
			err = errUnknownKind
		}
		if err != nil {
			break
		}
		position = entry.Position
		v.tell(position)
	}
	waiting(viewTarget{v, catalogs})
	v.publish(position)
	return err
}

// follows shows an entry if it is the one that comes next, and returns whether it did. catalogs are those that the view
// may lack.
func (v *View) follows(entry store.Entry, catalogs map[string]*catalog) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	at, next := v.listing.Load().position, entry.Position
	if next.Epoch != at.Epoch || next.Revision != at.Revision+1 || entry.Previous != at.Nonce {
		return false
	}
	if record := entry.Record; record != nil && v.catalogs[record.Digest] == nil && catalogs[record.Digest] == nil {
		return false
	}
	if !apply(viewTarget{v, catalogs}, entry) {
		return false
	}
	v.publish(next)
	return true
}

// replace makes the view show other contents, at once and changing only what differs: readers meet the old state or
// the new one, and where both are the same nothing moves.
func (v *View) replace(c contents, catalogs map[string]*catalog, position Position) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id := range v.known {
		if c[id] == nil {
			v.removeClient(id)
		}
	}
	for id, client := range c {
		v.setClient(id, client.record, catalogs[client.record.Digest])
		for model := range v.known[id].marks {
			if client.marks[model] == nil {
				v.setMark(id, model, nil)
			}
		}
		for model, mark := range client.marks {
			if !reflect.DeepEqual(v.known[id].marks[model], mark) {
				v.setMark(id, model, mark)
			}
		}
	}
	v.publish(position)
}

// catalogsOf returns the catalogs of records that the view has, and lists the digests, each once, of those that it lacks.
// It might drop those it has before the records are applied: a write that comes to wait can end the use of one.
func (v *View) catalogsOf(records func(yield func(*store.ClientRecord) bool)) (had map[string]*catalog, lacks []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	had = make(map[string]*catalog)
	for record := range records {
		if _, again := had[record.Digest]; again {
			continue
		}
		had[record.Digest] = nil
		if use := v.catalogs[record.Digest]; use != nil {
			had[record.Digest] = use.catalog
		} else {
			lacks = append(lacks, record.Digest)
		}
	}
	return had, lacks
}
