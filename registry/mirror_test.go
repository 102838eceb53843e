package registry_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// mirror carries out the events of a watch on a state of its own. It finds fault with events that change nothing, come
// in an order that cannot be, or speak of what is not there.
type mirror struct {
	watcher *registry.Watcher
	ended   sync.WaitGroup

	mu      sync.Mutex
	clients map[string]registry.ShownClient
	synced  bool
	last    registry.Event
	events  []registry.Event // since EventSynced
	faults  []string
	moved   chan struct{} // closed with the next event
}

func newMirror(t *testing.T, r *registry.ModelRegistry) *mirror {
	m := &mirror{
		watcher: r.Watch(t.Context()), clients: make(map[string]registry.ShownClient), moved: make(chan struct{}),
	}
	m.ended.Go(func() {
		for e := range m.watcher.C() {
			m.mu.Lock()
			m.take(e)
			close(m.moved)
			m.moved = make(chan struct{})
			m.mu.Unlock()
		}
	})
	return m
}

func (m *mirror) close() {
	m.watcher.Close()
	m.ended.Wait()
}

func (m *mirror) take(e registry.Event) {
	fault := func(format string, args ...any) {
		m.faults = append(m.faults, fmt.Sprintf(format, args...)+fmt.Sprintf(": %+v", e))
	}
	if e.Position.Epoch == m.last.Position.Epoch && e.Position.Revision < m.last.Position.Revision {
		fault("it goes back from %s", m.last.Position)
	}
	if !m.synced && e.ClientID < m.last.ClientID && e.Kind != registry.EventSynced {
		fault("the state is not in order after %+v", m.last)
	}
	if m.synced {
		m.events = append(m.events, e)
	}
	m.last = e
	client, known := m.clients[e.ClientID]
	switch e.Kind {
	case registry.EventSynced:
		if m.synced {
			fault("it comes again")
		}
		m.synced = true
	case registry.EventClient:
		if !known {
			client.Marks = make(map[string]registry.ShownMark)
		}
		m.clients[e.ClientID] = registry.ShownClient{Provider: e.Provider, Models: e.Models, Marks: client.Marks}
	case registry.EventClientGone:
		if !known || client.Provider != e.Provider {
			fault("there is %+v", client)
		}
		delete(m.clients, e.ClientID)
	case registry.EventMark:
		mark := registry.ShownMark{}
		if e.Quota != nil {
			mark.Quota = *e.Quota
		}
		if e.Suspension != nil {
			mark.Suspension = *e.Suspension
		}
		switch {
		case !known:
			fault("the client is not there")
		case client.Marks[e.ModelID] == mark:
			fault("it changes nothing")
		case mark == registry.ShownMark{}:
			delete(client.Marks, e.ModelID)
		default:
			client.Marks[e.ModelID] = mark
		}
	}
}

// await returns when cond holds for the mirror, which it may look at; it says what was wrong instead.
func (m *mirror) await(cond func() bool) string {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		m.mu.Lock()
		ok, faults, moved := cond(), m.faults, m.moved
		m.mu.Unlock()
		switch {
		case len(faults) > 0:
			return fmt.Sprint(faults)
		case ok:
			return ""
		}
		select {
		case <-moved:
		case <-limit.C:
			return "it did not come to this"
		}
	}
}

// awaitView returns when the mirror shows what the view does, or says how they differ.
func (m *mirror) awaitView(r *registry.ModelRegistry) string {
	var view map[string]registry.ShownClient
	wrong := m.await(func() bool {
		view = registry.Shown(r)
		return m.synced && reflect.DeepEqual(m.clients, view)
	})
	if wrong == "" {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, is := range m.clients {
		if !reflect.DeepEqual(is, view[id]) {
			wrong += fmt.Sprintf("\n%q: told %+v, shown %+v", id, is, view[id])
		}
	}
	return fmt.Sprintf("%s; told are %q, shown %q", wrong, slices.Sorted(maps.Keys(m.clients)), slices.Sorted(maps.Keys(view)))
}
