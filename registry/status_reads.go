package registry

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// ClientModelStatus says whether a client can be used for a model now, and if not, why. With the model ID "*" it is about
// the client as a whole: its mark on all models, or available. Both IDs are compared exactly.
func (v *View) ClientModelStatus(clientID, modelID string) ClientModelStatus {
	c := v.clients.get(clientID)
	if c == nil || (modelID != wholeClient && !c.catalog.has(modelID)) {
		return ClientModelStatus{State: StateUnregistered}
	}
	if len(c.marks) == 0 {
		return ClientModelStatus{State: StateAvailable}
	}
	var deciding decision
	now := v.clock.Millis()
	deciding.hear(c.marks[modelID], modelID == wholeClient, now)
	if modelID != wholeClient {
		deciding.hear(c.marks[wholeClient], true, now)
	}
	return deciding.status()
}

// decision finds the part that decides among those of several marks. Of parts of one kind that end together it is the
// quota before the suspension, and the pair's own before that on the whole client.
type decision struct {
	part  *store.MarkPart // nil: none
	state State
	whole bool
}

func (d *decision) hear(mark *store.Mark, whole bool, now int64) {
	if mark == nil {
		return
	}
	if q := mark.Quota; endOf(q) > now {
		d.weigh(q, StateCooling, whole)
	}
	if s := mark.Suspension; endOf(s) > now {
		if coolsDown(s) {
			d.weigh(s, StateCooling, whole)
		} else {
			d.weigh(s, StateSuspended, whole)
		}
	}
}

func (d *decision) weigh(part *store.MarkPart, state State, whole bool) {
	stronger := state == StateSuspended && d.state == StateCooling
	if d.part == nil || stronger || (state == d.state && endOf(part) > endOf(d.part)) {
		*d = decision{part, state, whole}
	}
}

func (d *decision) status() ClientModelStatus {
	if d.part == nil {
		return ClientModelStatus{State: StateAvailable}
	}
	return ClientModelStatus{
		State: d.state, Reason: d.part.Reason, Source: QuotaSource(d.part.Source), Since: moment(d.part.Since),
		Until: moment(d.part.Until), SetBy: cmp.Or(d.part.Actor, d.part.Setter), WholeClient: d.whole,
	}
}

// moment is a time of records, in ms; 0 is none.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// ModelStatus counts the clients that supply a model by their state now. The ID is compared exactly.
func (v *View) ModelStatus(modelID string) ModelStatus {
	m := v.models.get(modelID)
	if m == nil {
		return ModelStatus{ModelID: modelID}
	}
	return m.status(v.clock.Millis())
}

// Models returns the status of every model that some client supplies, by ID, of one moment. Never nil.
func (v *View) Models() []ModelStatus {
	current, now := v.listing.Load(), v.clock.Millis()
	models := make([]ModelStatus, len(current.byID))
	for i, slot := range current.byID {
		models[i] = current.states.at(int(slot)).status(now)
	}
	return models
}

func (m *modelState) status(now int64) ModelStatus {
	status, first := ModelStatus{ModelID: m.id}, int64(math.MaxInt64)
	status.Providers = make([]ProviderStatus, len(m.shares))
	for i := range m.shares {
		counts, back := m.shares[i].count(now)
		status.Providers[i] = ProviderStatus{m.shares[i].provider, counts}
		status.StateCounts.add(counts)
		first = min(first, back)
	}
	slices.SortFunc(status.Providers, func(p, q ProviderStatus) int { return cmp.Compare(p.Provider, q.Provider) })
	if first != math.MaxInt64 {
		status.Recovery = moment(first)
		status.RecoversIn = time.Duration(first-now) * time.Millisecond
	}
	return status
}

// count counts a provider's clients by state, and says when the first one comes back; MaxInt64: none does.
func (s *shareState) count(now int64) (counts StateCounts, first int64) {
	first = math.MaxInt64
	for i := s.free; i < s.clients.size; i++ {
		state, back := s.clients.at(i).state(now)
		switch state {
		case StateCooling:
			counts.Cooling++
		case StateSuspended:
			counts.Suspended++
		default:
			continue
		}
		first = min(first, back)
	}
	counts.Clients = s.clients.size
	counts.Available = counts.Clients - counts.Cooling - counts.Suspended
	return counts, first
}

func (c *StateCounts) add(d StateCounts) {
	c.Clients += d.Clients
	c.Available += d.Available
	c.Cooling += d.Cooling
	c.Suspended += d.Suspended
}

// AvailableClients returns the clients that may be used for a model now, by ID: those that supply it and have no mark.
// The ID is compared exactly. nil for none.
func (v *View) AvailableClients(modelID string) []string {
	m := v.models.get(modelID)
	if m == nil {
		return nil
	}
	now := m.late(v.clock)
	var clients []string
	for i := range m.shares {
		s := &m.shares[i]
		clients = slices.Grow(clients, s.free)
		for i := range s.places(now) {
			if p := s.clients.at(i); p.free(now) {
				clients = append(clients, p.client)
			}
		}
	}
	slices.Sort(clients)
	return clients
}
