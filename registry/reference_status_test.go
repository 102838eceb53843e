package registry_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// running is what keeps a client from a model now: the mark of the pair and that on the whole client, "*".
func (ref *reference) running(c *refClient, model string) (quota, cooling, other bool) {
	for _, mark := range []refMark{c.marks[model], c.marks["*"]} {
		forQuota := strings.EqualFold(mark.reason, "quota")
		quota = quota || ref.overQuota(mark)
		cooling = cooling || ref.isSuspended(mark) && forQuota
		other = other || ref.isSuspended(mark) && !forQuota
	}
	return quota, cooling, other
}

func (ref *reference) state(c *refClient, model string) registry.State {
	switch quota, cooling, other := ref.running(c, model); {
	case other:
		return registry.StateSuspended
	case quota || cooling:
		return registry.StateCooling
	}
	return registry.StateAvailable
}

// ClientModelStatus leaves out what the reference does not keep: times, sources, and who set a mark.
func (ref *reference) ClientModelStatus(clientID, modelID string) registry.ClientModelStatus {
	c := ref.clients[clientID]
	if c == nil || !c.takes(modelID) {
		return registry.ClientModelStatus{State: registry.StateUnregistered}
	}
	state := ref.state(c, modelID)
	status := registry.ClientModelStatus{State: state}
	if state == registry.StateAvailable {
		return status
	}
	// The one that ends last decides, of equals the pair's own.
	var last time.Time
	for _, of := range []string{modelID, "*"} {
		mark := c.marks[of]
		decide := func(until time.Time, reason string) {
			if until.IsZero() {
				until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
			}
			if until.After(last) {
				last, status.Reason, status.WholeClient = until, reason, of == "*"
			}
		}
		cooldown := strings.EqualFold(mark.reason, "quota")
		if ref.overQuota(mark) && state == registry.StateCooling {
			decide(mark.quotaUntil, "")
		}
		if ref.isSuspended(mark) && cooldown == (state == registry.StateCooling) {
			decide(mark.suspendedUntil, mark.reason)
		}
	}
	return status
}

func (ref *reference) ModelStatus(modelID string) registry.ModelStatus {
	status := registry.ModelStatus{ModelID: modelID}
	providers := map[string]registry.StateCounts{}
	for _, c := range ref.clients {
		if c.copies(modelID) == 0 {
			continue
		}
		counts := providers[c.provider]
		state := ref.state(c, modelID)
		for _, n := range []*registry.StateCounts{&counts, &status.StateCounts} {
			n.Clients++
			n.Available += one(state == registry.StateAvailable)
			n.Cooling += one(state == registry.StateCooling)
			n.Suspended += one(state == registry.StateSuspended)
		}
		providers[c.provider] = counts
	}
	for _, provider := range slices.Sorted(maps.Keys(providers)) {
		status.Providers = append(status.Providers, registry.ProviderStatus{
			Provider: provider, StateCounts: providers[provider],
		})
	}
	return status
}

func (ref *reference) AvailableClients(modelID string) []string {
	var available []string
	for id, c := range ref.clients {
		if c.copies(modelID) > 0 && ref.state(c, modelID) == registry.StateAvailable {
			available = append(available, id)
		}
	}
	slices.Sort(available)
	return available
}

// PickClient picks the first by ID: turns are for other tests, see universe.ask.
func (ref *reference) PickClient(modelID string, opts registry.PickOptions) (string, bool) {
	for _, id := range ref.AvailableClients(modelID) {
		wanted := func(p string) bool { return strings.EqualFold(p, ref.clients[id].provider) }
		if !slices.Contains(opts.Exclude, id) && (opts.Providers == nil || slices.ContainsFunc(opts.Providers, wanted)) {
			return id, true
		}
	}
	return "", false
}

// Client has of each mark only which parts run, and why.
func (ref *reference) Client(clientID string) (registry.ClientStatus, bool) {
	c := ref.clients[clientID]
	if c == nil {
		return registry.ClientStatus{}, false
	}
	status := registry.ClientStatus{
		ClientID: clientID, Provider: c.provider, Holders: slices.Sorted(maps.Keys(c.holders)), Marks: []registry.ClientMark{},
	}
	for _, m := range c.distinct() {
		status.Models = append(status.Models, m.ID)
	}
	for _, model := range slices.Sorted(maps.Keys(c.marks)) {
		mark := registry.ClientMark{ModelID: model}
		if ref.overQuota(c.marks[model]) {
			mark.Quota = &registry.MarkPart{}
		}
		if ref.isSuspended(c.marks[model]) {
			mark.Suspension = &registry.MarkPart{Reason: c.marks[model].reason}
		}
		if mark.Quota != nil || mark.Suspension != nil {
			status.Marks = append(status.Marks, mark)
		}
	}
	return status, true
}

func (ref *reference) Clients() []registry.ClientStatus {
	clients := []registry.ClientStatus{}
	for _, id := range slices.Sorted(maps.Keys(ref.clients)) {
		status, _ := ref.Client(id)
		clients = append(clients, status)
	}
	return clients
}

// takes says whether a model can be marked for the client: one that it supplies, or all of it.
func (c *refClient) takes(model string) bool { return model == "*" || c.copies(model) > 0 }
