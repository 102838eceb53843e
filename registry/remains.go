package registry

import (
	"maps"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// remains are the clients of an earlier epoch that the view goes on showing while their holders have not spoken in the
// new one. Only the follower touches them.
type remains struct {
	holders map[string]map[string]struct{} // client -> holders that may still re-assert it
	until   time.Time                      // after that nobody will
}

// carry puts into new contents what must stay visible of the view: after a new epoch began, every client that the new
// contents lack and some holder may bring; within an epoch, those that remain from before.
func (m *remains) carry(r *ModelRegistry, c contents, newEpoch bool, asserted map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	carried := make(map[string]map[string]struct{})
	for id, client := range r.known {
		pending, remained := m.holders[id]
		if c[id] != nil || (!newEpoch && !remained) {
			continue
		}
		if !remained {
			pending = make(map[string]struct{}, len(client.holders))
			for _, holder := range client.holders {
				pending[holder] = struct{}{}
			}
		}
		maps.DeleteFunc(pending, func(holder string, _ struct{}) bool {
			return asserted[holder] || (holder == r.options.ReplicaID && !r.holdings.has(id))
		})
		if len(pending) == 0 {
			continue
		}
		carried[id] = pending
		c[id] = &clientContent{record: client.record(), marks: maps.Clone(client.marks)}
		if c[id].marks == nil {
			c[id].marks = make(map[string]*store.Mark)
		}
	}
	m.holders = carried
	if newEpoch {
		m.until = time.Now().Add(r.options.LeaseTTL)
	}
}

// record is the client's record as Redis had it.
func (c *clientState) record() *store.ClientRecord {
	return &store.ClientRecord{
		Provider: c.provider, Digest: c.catalog.digest, RegisteredAt: c.registeredAt, Revision: c.revision,
		Holders: slices.Clone(c.holders),
	}
}

// follow takes note of entries: what they bring does not remain any more. It returns the clients that nobody will bring.
func (m *remains) follow(entries []store.Entry) (gone []string) {
	if len(m.holders) == 0 {
		return nil
	}
	for _, entry := range entries {
		delete(m.holders, entry.Client)
		for _, one := range entry.Asserted {
			delete(m.holders, one.Client)
		}
		if entry.Kind != store.KindAsserted || !entry.All {
			continue
		}
		for id, pending := range m.holders {
			delete(pending, entry.Replica)
			if len(pending) == 0 {
				gone = append(gone, id)
				delete(m.holders, id)
			}
		}
	}
	return gone
}

// expired returns the clients whose holders had a lease's time to speak and did not.
func (m *remains) expired() []string {
	if len(m.holders) == 0 || time.Now().Before(m.until) {
		return nil
	}
	gone := slices.Collect(maps.Keys(m.holders))
	m.holders = nil
	return gone
}

// forget takes a client out of new contents that only remains there.
func (m *remains) forget(c contents, client string) {
	if m.has(client) {
		delete(c, client)
		delete(m.holders, client)
	}
}

func (m *remains) has(client string) bool {
	_, ok := m.holders[client]
	return ok
}

// drop takes clients out of the view, except those that a write which waits is about.
func (r *ModelRegistry) drop(clients []string) {
	if len(clients) == 0 {
		return
	}
	r.showing.Lock()
	defer r.showing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range clients {
		if !r.pending.registers(id) {
			r.removeClient(id)
		}
	}
	r.publish(r.listing.Load().position)
}
