package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// load is a steady stream of writes from several replicas, with a model of what their callers were told. A write counts
// when it returned nil or ErrPending; each client, and each pair of a shared one, has one writer, so the model is
// exact.
type load struct {
	t       *testing.T
	writers []*writer
	shared  []*sharedClient
	stop    context.CancelFunc
	running sync.WaitGroup

	acknowledged, waited, refused atomic.Int64
	lastWaited, resumed           atomic.Int64 // ns: the last write that waited, the first acknowledged one after it

	// tolerated says which errors beside ErrPending a fault may bring; such a write must have changed nothing.
	tolerated atomic.Pointer[func(error) bool]
}

const (
	ownClients    = 5 // of each replica
	sharedClients = 3
	// pace is how long a writer rests between two writes.
	pace = 4 * time.Millisecond
)

// writer drives one replica.
type writer struct {
	load    *load
	number  int
	replica *registry.ModelRegistry
	random  *rand.Rand
	own     []*ownClient
}

// variant is what a client registers; all clients also have a model of their own, named after them.
type variant struct {
	provider string
	models   []string
}

var variants = []variant{
	{"alpha", []string{"m-a", "m-b"}},
	{"beta", []string{"m-b", "m-c", "m-c"}},
	{"", []string{"m-a", "m-d"}},
}

// infos are the models of a registration: the variant's, and one for each pair that is marked.
func infos(v variant, marked ...string) []*registry.ModelInfo {
	var models []*registry.ModelInfo
	for _, id := range append(append([]string(nil), marked...), v.models...) {
		models = append(models, &registry.ModelInfo{ID: id, OwnedBy: v.provider})
	}
	return models
}

// pair is what the model knows of the marks on one client and model.
type pair struct {
	model     string
	quota     bool
	suspended bool
}

// ownClient is a client that only one replica registers.
type ownClient struct {
	mu         sync.Mutex // held while a write on it is under way
	id         string
	registered bool
	variant    int
	pair       pair
	shown      bool // the last write returned nil, so the own view shows it
	history    []string
}

// note keeps the last writes, for the messages of failed tests.
func (c *ownClient) note(dice int, before time.Time, counts, waits bool) {
	c.history = noted(c.history, before, "dice %d: counts %v, waits %v, registered %v variant %d quota %v suspended %v", dice,
		counts, waits, c.registered, c.variant, c.pair.quota, c.pair.suspended)
}

func noted(history []string, before time.Time, format string, args ...any) []string {
	history = append(history, before.Format("05.000")+"-"+time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
	return history[max(0, len(history)-10):]
}

// sharedClient is a client that all replicas register alike; the first one always holds it.
type sharedClient struct {
	id    string
	parts []*sharedPart // by replica
}

type sharedPart struct {
	mu      sync.Mutex
	held    bool
	waiting bool // the last change of held waited for Redis
	pair    pair
	history []string
}

func (s *sharedClient) infos() []*registry.ModelInfo {
	var marked []string
	for _, part := range s.parts {
		marked = append(marked, part.pair.model)
	}
	return infos(variants[0], marked...)
}

func newLoad(t *testing.T, replicas []*registry.ModelRegistry) *load {
	l := &load{t: t}
	for i := range sharedClients {
		s := &sharedClient{id: fmt.Sprintf("shared-%d", i)}
		for n := range replicas {
			s.parts = append(s.parts, &sharedPart{pair: pair{model: fmt.Sprintf("only-%s-%d", s.id, n)}})
		}
		l.shared = append(l.shared, s)
	}
	for n, replica := range replicas {
		w := &writer{load: l, number: n, replica: replica, random: rand.New(rand.NewPCG(uint64(n), 7))}
		for i := range ownClients {
			id := fmt.Sprintf("own-%d-%d", n, i)
			w.own = append(w.own, &ownClient{id: id, pair: pair{model: "only-" + id}})
		}
		l.writers = append(l.writers, w)
	}
	for _, s := range l.shared {
		must(t, replicas[0].RegisterClient(t.Context(), s.id, variants[0].provider, s.infos()))
		s.parts[0].held = true
	}
	return l
}

// start lets the writers write until halt.
func (l *load) start() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(l.t.Context()))
	l.stop = cancel
	for _, w := range l.writers {
		l.running.Go(func() { w.run(ctx) })
	}
}

func (l *load) halt() {
	if l.stop != nil {
		l.stop()
		l.running.Wait()
		l.stop = nil
	}
}

func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if w.random.IntN(4) == 0 {
			w.writeShared(context.WithoutCancel(ctx))
		} else {
			w.writeOwn(context.WithoutCancel(ctx))
		}
	}
}

// did says whether a write counts, and whether it waits.
func (w *writer) did(what string, err error) (counts, waits bool) {
	tolerated := w.load.tolerated.Load()
	switch {
	case err == nil:
		w.load.acknowledged.Add(1)
		if w.load.resumed.Load() < w.load.lastWaited.Load() {
			w.load.resumed.Store(time.Now().UnixNano())
		}
		return true, false
	case errors.Is(err, registry.ErrPending):
		w.load.waited.Add(1)
		w.load.lastWaited.Store(time.Now().UnixNano())
		return true, true
	case tolerated != nil && (*tolerated)(err):
		w.load.refused.Add(1)
	default:
		w.load.t.Errorf("replica %d: %s: %v", w.number, what, err)
	}
	return false, false
}

func (w *writer) writeOwn(ctx context.Context) {
	c := w.own[w.random.IntN(len(w.own))]
	c.mu.Lock()
	defer c.mu.Unlock()
	dice, before := w.random.IntN(100), time.Now()
	var counts, waits bool
	switch {
	case !c.registered || dice < 10:
		choice := w.random.IntN(len(variants))
		counts, waits = w.did("register", w.replica.RegisterClient(ctx, c.id, variants[choice].provider,
			infos(variants[choice], c.pair.model)))
		if counts {
			c.registered, c.variant, c.pair = true, choice, pair{model: c.pair.model}
		}
	case dice < 20:
		counts, waits = w.did("unregister", w.replica.UnregisterClient(ctx, c.id))
		if counts {
			c.registered, c.pair = false, pair{model: c.pair.model}
		}
	default:
		counts, waits = w.mark(ctx, c.id, &c.pair, dice%4)
	}
	c.shown = counts && !waits
	c.note(dice, before, counts, waits)
}

// mark sets or lifts a mark.
func (w *writer) mark(ctx context.Context, client string, p *pair, what int) (counts, waits bool) {
	r := w.replica
	switch what {
	case 0:
		if counts, waits = w.did("mark quota", r.SetModelQuotaExceeded(ctx, client, p.model)); counts {
			p.quota = true
		}
	case 1:
		if counts, waits = w.did("clear quota", r.ClearModelQuotaExceeded(ctx, client, p.model)); counts {
			p.quota = false
		}
	case 2:
		if counts, waits = w.did("suspend", r.SuspendClientModel(ctx, client, p.model, "by "+client)); counts {
			p.suspended = true
		}
	default:
		if counts, waits = w.did("resume", r.ResumeClientModel(ctx, client, p.model)); counts {
			p.suspended = false
		}
	}
	return counts, waits
}

func (w *writer) writeShared(ctx context.Context) {
	s := w.load.shared[w.random.IntN(len(w.load.shared))]
	part := s.parts[w.number]
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.waiting && w.replica.Health().Pending == 0 {
		part.waiting = false
	}
	dice, before := w.random.IntN(100), time.Now()
	var counts, waits bool
	defer func() {
		part.history = noted(part.history, before, "dice %d: counts %v, waits %v, held %v quota %v suspended %v", dice, counts,
			waits, part.held, part.pair.quota, part.pair.suspended)
	}()
	switch {
	case part.held && (dice >= 30 || w.number == 0):
		counts, waits = w.mark(ctx, s.id, &part.pair, dice%4)
	case part.waiting:
		// Giving up a hold and taking it again would become one registration of a client that is held, which drops
		// marks.
	case part.held:
		if counts, waits = w.did("unregister", w.replica.UnregisterClient(ctx, s.id)); counts {
			part.held, part.waiting = false, waits
		}
	default:
		if counts, waits = w.did("register", w.replica.RegisterClient(ctx, s.id, variants[0].provider, s.infos())); counts {
			part.held, part.waiting = true, waits
		}
	}
}
