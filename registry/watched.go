package registry

import "github.com/rollcall-dev/rollcall/store"

// watched is what the writer of a view keeps while somebody watches it: what has changed since the last publication, and
// when marks end.
//
// What was told of a pair is its mark as it runs at a moment, now; so the writer need not keep a copy of it. An entry, or
// a resync, is taken as a whole: what it touches is noted as it was, and afterwards compared.
type watched struct {
	watchers int
	end      *batch // the last of the list, which is yet to be filled
	changes  []change
	notes    []note
	noted    map[pair]struct{}
	endings  heap[ending] // for each mark that will end, one at its next end, and some of marks that have changed since
	timed    int          // endings when the heap was made last
	before   int64        // the moment at which what is noted was told, in server ms
	now      int64        // the moment for which is told
	begun    bool         // since the last publication
}

// batch is what one publication changed. The next one is there when ready is closed.
type batch struct {
	changes []change
	next    *batch
	ready   chan struct{} // closed when changes and next are set
}

// pair is a client and a model; without a model it is the client.
type pair struct{ client, model string }

// note is what there was of a pair.
type note struct {
	pair
	definition *definition
	mark       *store.Mark
}

// ending is when a mark ends, in server ms.
type ending struct {
	pair
	at int64
}

// setBack is by how much the clock must have gone back to be believed; until then it stands still, as in scripts.
const setBack = 5000 // ms

func newBatch() *batch { return &batch{ready: make(chan struct{})} }

// audience is where the view is when somebody begins to watch it.
type audience struct {
	clients  []watchedClient // in no order
	position Position
	now      int64  // marks are those that run at this moment
	next     *batch // what comes after
}

// watchedClient is a client with its marks, which are not changed any more.
type watchedClient struct {
	*definition
	marks map[string]*store.Mark
}

// watch takes the view for somebody who watches it from now on. mu is held.
func (v *View) watch() audience {
	if v.watched == nil {
		now := v.clock.Millis()
		v.watched = &watched{
			end: newBatch(), noted: make(map[pair]struct{}), before: now, now: now,
			endings: heap[ending]{before: func(a, b ending) bool { return a.at < b.at }},
		}
		v.findEndings()
		v.wakeInTime()
	}
	position := v.listing.Load().position
	v.announce(position)
	v.watched.watchers++
	a := audience{position: position, now: v.watched.now, next: v.watched.end}
	a.clients = make([]watchedClient, 0, len(v.known))
	for _, c := range v.known {
		a.clients = append(a.clients, watchedClient{c.definition, c.marks})
	}
	return a
}

// unwatch is called when somebody stops watching.
func (v *View) unwatch() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.watched.watchers--; v.watched.watchers == 0 {
		v.watched = nil
	}
}

// note must be called before a pair changes, or with an empty model before a client does.
func (v *View) note(client, model string) {
	if v.watched != nil {
		v.endMarks()
		v.watched.note(v, pair{client, model})
	}
}

func (w *watched) note(v *View, p pair) {
	if _, ok := w.noted[p]; ok {
		return
	}
	w.noted[p] = struct{}{}
	n := note{pair: p}
	if c := v.known[p.client]; c != nil {
		n.definition, n.mark = c.definition, c.marks[p.model]
	}
	w.notes = append(w.notes, n)
}

// noteGone is note for a client that is about to go, with its marks.
func (v *View) noteGone(c *clientState) {
	if v.watched == nil {
		return
	}
	v.note(c.client, "")
	for model := range c.marks {
		v.note(c.client, model)
	}
}

// tell compares what was noted with what there is, and has the differences told as of a position.
func (v *View) tell(position Position) {
	w := v.watched
	if w == nil || len(w.notes) == 0 {
		return
	}
	for _, n := range w.notes {
		c := v.known[n.client]
		switch {
		case n.model == "":
			w.tellClient(n, c, position)
		case c != nil: // else its marks went with it
			w.tellMark(n, c.marks[n.model], position)
		}
	}
	w.notes = emptied(w.notes)
	if len(w.noted) > 1024 {
		w.noted = make(map[pair]struct{})
	}
	clear(w.noted)
	w.before = w.now
}

func (w *watched) tellClient(n note, c *clientState, position Position) {
	switch {
	case c == nil && n.definition != nil:
		w.add(change{kind: EventClientGone, position: position, client: n.client, definition: n.definition})
	case c != nil && (n.definition == nil || !n.definition.same(c.definition)):
		w.add(change{kind: EventClient, position: position, client: n.client, definition: c.definition})
	}
}

func (w *watched) tellMark(n note, is *store.Mark, position Position) {
	told, now := running(n.mark, w.before), running(is, w.now)
	if at := nextEnd(now); at != 0 && at != nextEnd(told) {
		w.endings.push(ending{n.pair, at})
	}
	if !alike(told, now) {
		w.add(change{kind: EventMark, position: position, client: n.client, model: n.model, mark: now})
	}
}

func (w *watched) add(c change) { w.changes = append(w.changes, c) }

// same says whether two definitions of a client are told alike.
func (d *definition) same(other *definition) bool {
	return d.provider == other.provider && d.catalog.digest == other.catalog.digest
}

// endMarks moves on to the present, once a publication, before anything is noted: what ended meanwhile is told.
func (v *View) endMarks() {
	w := v.watched
	if w.begun {
		return
	}
	w.begun = true
	now := v.clock.Millis()
	back := now < w.now-setBack
	if now <= w.now && !back {
		return
	}
	w.before, w.now = w.now, now
	for len(w.endings.items) > 0 && w.endings.items[0].at <= now {
		p := w.endings.items[0].pair
		w.endings.remove(0)
		w.note(v, p)
	}
	if back { // what had ended may run again
		for client, c := range v.known {
			for model := range c.marks {
				w.note(v, pair{client, model})
			}
		}
	}
	v.tell(v.listing.Load().position)
	w.before = now
	if back || len(w.endings.items) > 2*w.timed+1024 {
		v.findEndings()
	}
}

// findEndings makes the heap of endings anew.
func (v *View) findEndings() {
	w := v.watched
	w.endings.items = nil
	for client, c := range v.known {
		for model, mark := range c.marks {
			if at := nextEnd(running(mark, w.now)); at != 0 {
				w.endings.push(ending{pair{client, model}, at})
			}
		}
	}
	w.timed = len(w.endings.items)
}

// announce ends a publication, which is of a position: those who watch get what it changed.
func (v *View) announce(position Position) {
	w := v.watched
	if w == nil {
		return
	}
	v.endMarks()
	v.tell(position)
	w.begun = false
	if len(w.changes) > 0 {
		full := w.end
		w.end = newBatch()
		full.changes, full.next, w.changes = w.changes, w.end, nil
		close(full.ready)
	}
}

// endingsDue says whether a mark has ended that those who watch take for running, or may run again since the clock was
// set back.
func (v *View) endingsDue(now int64) bool {
	w := v.watched
	return w != nil && (now < w.now-setBack || (len(w.endings.items) > 0 && w.endings.items[0].at <= now))
}
