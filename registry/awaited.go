package registry

import (
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// awaited are, after a loss, the replicas that held a client before and have not yet brought all of theirs back. Until
// they have, or a lease has passed, what is lifted or given up there might come back with them, or seem to be the last.
type awaited struct {
	mu      sync.Mutex
	holders map[string][]string // by client
	until   time.Time
}

// carry takes note of who is to come, before the view shows a namespace that was read anew.
func (a *awaited) carry(r *ModelRegistry, newEpoch bool, asserted map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if newEpoch {
		before := a.holders
		a.holders, a.until = make(map[string][]string), time.Now().Add(r.options.LeaseTTL)
		for id, client := range r.known {
			a.holders[id] = append(slices.Clone(client.holders), before[id]...)
		}
	}
	a.drop(func(holder string) bool { return asserted[holder] || holder == r.options.ReplicaID })
}

// follow takes note of who came.
func (a *awaited) follow(entries []store.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.holders) == 0 {
		return
	}
	for _, entry := range entries {
		if entry.All {
			a.drop(func(holder string) bool { return holder == entry.Replica })
		}
	}
	if time.Now().After(a.until) {
		a.holders = nil
	}
}

func (a *awaited) drop(came func(holder string) bool) {
	for id, holders := range a.holders {
		if a.holders[id] = slices.DeleteFunc(holders, came); len(a.holders[id]) == 0 {
			delete(a.holders, id)
		}
	}
}

// has says whether a replica may still bring the client.
func (a *awaited) has(client string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.holders[client]) > 0 && time.Now().Before(a.until)
}
