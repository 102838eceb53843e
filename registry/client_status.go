package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// ClientStatus is all that the view knows of one client.
type ClientStatus struct {
	ClientID     string    `json:"client"`
	Provider     string    `json:"provider"`
	Holders      []string  `json:"holders"`       // replicas, by name
	RegisteredAt time.Time `json:"registered_at"` // when this definition was set, by Redis' clock
	Models       []string  `json:"models"`        // each once, in order of first appearance
	// Marks are those that are running, by model; that of "*" is on the client as a whole.
	Marks []ClientMark `json:"marks"`
}

// ClientMark is the mark of one model of a client; one of the parts, or both, are there.
type ClientMark struct {
	ModelID    string    `json:"model"`
	Quota      *MarkPart `json:"quota,omitempty"`
	Suspension *MarkPart `json:"suspension,omitempty"`
}

// MarkPart is half of a mark: a quota that is exceeded, or a suspension.
type MarkPart struct {
	Reason string      `json:"reason,omitempty"`
	Source QuotaSource `json:"source,omitempty"` // of a quota
	Since  time.Time   `json:"since"`
	Until  time.Time   `json:"until,omitzero"` // zero: until somebody ends it
	// SetBy is the actor of a mark that was set by hand, else the replica.
	SetBy string `json:"set_by,omitempty"`
}

// Client tells all about one client; false where it is not registered. The ID is compared exactly. It is a read for
// people and their tools: it may wait a moment for a change that is being shown.
func (v *View) Client(clientID string) (ClientStatus, bool) {
	v.mu.Lock()
	c := v.known[clientID]
	if c == nil {
		v.mu.Unlock()
		return ClientStatus{}, false
	}
	seen := c.seen()
	v.mu.Unlock()
	return seen.status(v.clock.Millis()), true
}

// Clients tells all about every client, by ID. Never nil. Like Client, it may wait a moment.
func (v *View) Clients() []ClientStatus {
	v.mu.Lock()
	all := make([]seenClient, 0, len(v.known))
	for _, c := range v.known {
		all = append(all, c.seen())
	}
	v.mu.Unlock()
	slices.SortFunc(all, func(a, b seenClient) int { return strings.Compare(a.client, b.client) })
	now, statuses := v.clock.Millis(), make([]ClientStatus, len(all))
	for i, c := range all {
		statuses[i] = c.status(now)
	}
	return statuses
}

// seenClient is a client at a moment; what it refers to does not change any more.
type seenClient struct {
	registered
	holders []string
}

// seen is the client as it was published last: nothing changes while the view is locked.
func (c *clientState) seen() seenClient {
	return seenClient{registered{c.definition, c.marks}, append([]string{}, c.holders...)}
}

func (c *seenClient) status(now int64) ClientStatus {
	slices.Sort(c.holders)
	status := ClientStatus{
		ClientID: c.client, Provider: c.provider, Holders: c.holders, RegisteredAt: moment(c.registeredAt),
		Models: make([]string, len(c.catalog.models)), Marks: []ClientMark{},
	}
	for i, model := range c.catalog.models {
		status.Models[i] = model.info.ID
	}
	for _, model := range slices.Sorted(maps.Keys(c.marks)) {
		mark := running(c.marks[model], now)
		if mark != nil && (model == wholeClient || c.catalog.has(model)) {
			status.Marks = append(status.Marks, ClientMark{model, newMarkPart(mark.Quota), newMarkPart(mark.Suspension)})
		}
	}
	return status
}

// newMarkPart is a part of a mark as it is told; nil for none.
func newMarkPart(p *store.MarkPart) *MarkPart {
	if p == nil {
		return nil
	}
	return &MarkPart{
		Reason: p.Reason, Source: QuotaSource(p.Source), Since: moment(p.Since), Until: moment(p.Until),
		SetBy: cmp.Or(p.Actor, p.Setter),
	}
}
