package registry

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/rollcall-dev/rollcall/store"
)

// pendingWrite is a write that waits for Redis. Both functions are absolute: carried out twice they do no harm.
type pendingWrite struct {
	key    pendingKey
	show   func(to target)                                // what it does to a view
	replay func(ctx context.Context) (store.Reply, error) // what it does to Redis
	what   string                                         // for the log
	needs  map[string]*catalog                            // catalogs that show refers to
	drops  bool                                           // it takes the client's marks with it
	lifts  bool                                           // it ends something that another holder might bring back
	set    *store.MarkPart                                // what it sets of a mark; nil: it sets nothing
	all    bool                                           // it ends whatever the view shows, what waits included
	last   bool                                           // it belongs behind what waits about the client
	evicts bool                                           // whatever waits about the client is void
	at     Position                                       // where Redis has it, and the view does not show it; zero: it has not
	silent bool                                           // Redis has it, and it changed nothing, so that no entry tells of it
	why    error                                          // why Redis did not carry it out when it was asked; nil: it was not asked, or has answered since
}

// isIn says whether a history, up to a position, has the write: then it is not to be carried out again, and what came of
// it is told by the history.
func (w *pendingWrite) isIn(history Position) bool {
	return w.at != Position{} && w.at.Epoch == history.Epoch && w.at.Revision <= history.Revision
}

// awaits says whether the write has to wait, after a loss, until the client's other holders are back.
func (w *pendingWrite) awaits(others func(client string) bool) bool {
	return (w.lifts || w.drops) && others(w.key.client)
}

// pendingKey says what a write is about; of several about the same only the last waits.
type pendingKey struct {
	client, model, part string
	lift, byHand        bool // it lifts the part, and an actor does
}

// The parts of a pendingKey.
const (
	partClient     = "client"   // registration; model is empty
	partEviction   = "eviction" // model is empty
	partQuota      = "quota"
	partSuspension = "suspension"
)

// pending are the writes that wait for Redis, in order. It is bounded by the number of clients and pairs.
type pending struct {
	mu     sync.Mutex
	writes []*pendingWrite
}

// add puts a write in the queue, at a moment by the server's clock. One about the same thing that waits already is
// replaced where it stands, and what it would have dropped is dropped; of two that set the same the stronger one waits.
// What drops a client's marks takes those with it that wait, what lifts a mark the one that waits.
func (p *pending) add(w *pendingWrite, now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	same := func(other *pendingWrite) bool { return other.key == w.key }
	if i := slices.IndexFunc(p.writes, same); i >= 0 {
		old := p.writes[i]
		w.drops = w.drops || old.drops
		if old.at == (Position{}) && w.set != nil && !isOver(old.set, now) && !outdoes(w.set, old.set) {
			return
		}
	}
	if w.evicts || w.last || w.all {
		sets := pendingKey{client: w.key.client, model: w.key.model, part: w.key.part}
		p.writes = slices.DeleteFunc(p.writes, func(other *pendingWrite) bool {
			return other.key == sets || (w.evicts && other.key.client == w.key.client)
		})
	}
	if w.drops {
		p.writes = slices.DeleteFunc(p.writes, func(other *pendingWrite) bool {
			return other.key.client == w.key.client && other.key.model != ""
		})
	}
	if i := slices.IndexFunc(p.writes, same); i >= 0 {
		p.writes[i] = w
		return
	}
	p.writes = append(p.writes, w)
}

// done takes a write out, unless another has replaced it meanwhile.
func (p *pending) done(w *pendingWrite) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes = slices.DeleteFunc(p.writes, func(other *pendingWrite) bool { return other == w })
}

// next returns the first write that neither awaits its client's other holders nor stands behind one that does.
func (p *pending) next(others func(client string) bool) *pendingWrite {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := make(map[string]bool)
	for _, w := range p.writes {
		if held[w.key.client] = held[w.key.client] || w.awaits(others); !held[w.key.client] {
			return w
		}
	}
	return nil
}

func (p *pending) has(client string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.writes, func(w *pendingWrite) bool { return w.key.client == client })
}

// answered records that Redis answers again: what it did not answer before is no reason any more.
func (p *pending) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.writes {
		w.why = nil
	}
}

// unanswered is the error of the first write that Redis did not answer, nil where there is none.
func (p *pending) unanswered() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.writes {
		if errors.Is(w.why, ErrUnavailable) {
			return w.why
		}
	}
	return nil
}

// unsent is how many writes Redis has never had.
func (p *pending) unsent() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.writes {
		if w.at == (Position{}) {
			n++
		}
	}
	return n
}

func (p *pending) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.writes)
}

// show carries all that waits out on a target that has a history: what is in that is shown by it.
func (p *pending) show(to target, history Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.writes {
		if !w.isIn(history) || w.silent {
			w.show(to)
		}
	}
}

// needs are the catalogs that show refers to.
func (p *pending) needs() map[string]*catalog {
	p.mu.Lock()
	defer p.mu.Unlock()
	needs := make(map[string]*catalog)
	for _, w := range p.writes {
		maps.Copy(needs, w.needs)
	}
	return needs
}

// registers says whether a registration of the client waits, or the end of one, which the view shows already.
func (p *pending) registers(client string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.writes, func(w *pendingWrite) bool { return w.key == pendingKey{client: client, part: partClient} })
}

// showNow carries one write out on the view at once.
func (v *View) showNow(w *pendingWrite) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.show(viewTarget{v, w.needs})
	v.publish(v.listing.Load().position)
}
