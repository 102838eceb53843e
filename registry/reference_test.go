package registry_test

import (
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// The refusals of the reference.
var (
	errRefInvalid       = errors.New("reference: invalid")
	errRefNotRegistered = errors.New("reference: not registered")
)

// suspensionWait is how long a suspension without a deadline waits for a client that went with its replica.
const suspensionWait = 24 * time.Hour

// reference says what the registry should answer. It is one namespace with a clock moved by hand: no Redis, no
// views, nothing precomputed. Every answer is worked out from the list of clients when it is asked for, in loops that
// can be read beside the rules, so that it is easier to trust than what it checks.
type reference struct {
	now         time.Time
	definitions int // how many definitions there were: the order of "most recently registered"
	clients     map[string]*refClient
	waiting     map[string]map[string]refMark // marks by client and model, of clients that went and may return
	step        int                           // which write this is: in the place of revisions
	ended       int                           // parts of marks that ended by themselves, ever
}

// refReplica is a replica as far as the rules care.
type refReplica struct {
	id        string
	window    time.Duration // of quota marks
	keepMarks bool
}

type refClient struct {
	provider string
	models   []*registry.ModelInfo // the usable ones, duplicates included, as registered
	defined  int                   // which definition this is
	holders  map[string]bool
	marks    map[string]refMark // by model
}

type refMark struct {
	quotaUntil time.Time // zero: no quota mark
	quotaRank  int       // who named it, weakest first; 4: a person
	quotaActor string
	quotaStep  int // which write set it, or spoke of it last

	suspended      bool
	suspendedUntil time.Time // zero: until resumed
	reason         string
	suspendedActor string
	suspendedStep  int
	waitUntil      time.Time // only while waiting: when a suspension without a deadline is forgotten

	fenceUntil time.Time // a person lifted something, as of fenceStep
	fenceStep  int
}

func newReference() *reference {
	return &reference{
		now:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		clients: map[string]*refClient{},
		waiting: map[string]map[string]refMark{},
	}
}

// register and the other writes report whether anything changed at all, answers or not.
func (ref *reference) register(who refReplica, id, provider string, models []*registry.ModelInfo) (bool, error) {
	if id == "" {
		return false, errRefInvalid
	}
	var usable []*registry.ModelInfo
	for _, m := range models {
		if m != nil && m.ID != "" {
			usable = append(usable, m.Clone())
		}
	}
	if len(usable) == 0 {
		return ref.unregister(who, id)
	}
	provider = strings.ToLower(provider)

	c := ref.clients[id]
	if c == nil {
		c = &refClient{holders: map[string]bool{who.id: true}, marks: map[string]refMark{}}
		ref.clients[id] = c
		ref.define(c, provider, usable)
		ref.bringBackMarks(id, c)
		return true, nil
	}
	changed := false
	if c.holders[who.id] && !who.keepMarks && len(c.marks) > 0 {
		for model, mark := range maps.Clone(c.marks) {
			c.setMark(model, mark.byHand())
		}
		changed = true
	}
	if !c.holders[who.id] {
		c.holders[who.id] = true
		changed = true
	}
	if c.provider != provider || !sameModels(c.models, usable) {
		ref.define(c, provider, usable)
		changed = true
	}
	return changed, nil
}

// define sets the definition and forgets the marks of models that are not in it.
func (ref *reference) define(c *refClient, provider string, models []*registry.ModelInfo) {
	ref.definitions++
	c.defined = ref.definitions
	c.provider = provider
	c.models = models
	for model := range c.marks {
		if !c.takes(model) {
			delete(c.marks, model)
		}
	}
}

// bringBackMarks gives a client that returns what is left of the marks that waited for it.
func (ref *reference) bringBackMarks(id string, c *refClient) {
	for model, mark := range ref.waiting[id] {
		if !ref.stillWaits(mark) {
			mark = mark.resumed()
		}
		mark.waitUntil = time.Time{}
		if c.takes(model) {
			c.marks[model] = mark
		}
	}
	delete(ref.waiting, id)
}

func (ref *reference) unregister(who refReplica, id string) (bool, error) {
	if id == "" {
		return false, errRefInvalid
	}
	c := ref.clients[id]
	if c == nil || !c.holders[who.id] {
		return false, nil
	}
	delete(c.holders, who.id)
	if len(c.holders) == 0 {
		delete(ref.clients, id)
	}
	return true, nil
}

// close gives up all holds of a replica. A client that goes this way leaves its marks waiting.
func (ref *reference) close(who refReplica) bool {
	changed := false
	for id := range ref.clients {
		released, _ := ref.release(who, id)
		changed = changed || released
	}
	return changed
}

// release gives up one hold in the same way.
func (ref *reference) release(who refReplica, id string) (bool, error) {
	if id == "" {
		return false, errRefInvalid
	}
	c := ref.clients[id]
	if c == nil || !c.holders[who.id] {
		return false, nil
	}
	delete(c.holders, who.id)
	if len(c.holders) > 0 {
		return true, nil
	}
	for model, mark := range c.marks {
		mark.waitUntil = ref.now.Add(suspensionWait)
		if mark.quotaUntil.After(mark.waitUntil) { // a record waits as a whole
			mark.waitUntil = mark.quotaUntil
		}
		c.marks[model] = mark
	}
	ref.waiting[id] = c.marks
	delete(ref.clients, id)
	return true, nil
}

// evict removes a client for everybody, with the marks that wait for it.
func (ref *reference) evict(id string) (bool, error) {
	if id == "" {
		return false, errRefInvalid
	}
	_, there := ref.clients[id]
	delete(ref.clients, id)
	delete(ref.waiting, id)
	return there, nil
}
