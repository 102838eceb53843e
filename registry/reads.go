package registry

import (
	"fmt"
	"slices"
	"strings"
)

// ClientSupportsModel says whether a client is registered with a model. Both arguments are trimmed; the model ID is
// compared without regard to case, the client ID exactly. Marks do not matter.
func (v *View) ClientSupportsModel(clientID, modelID string) bool {
	d := v.clients.get(strings.TrimSpace(clientID))
	if d == nil {
		return false
	}
	modelID = strings.TrimSpace(modelID)
	return modelID != "" && d.catalog.names.has(modelID)
}

// GetModelCount returns how many registrations of a model can be used now: all of them, less the clients that are over
// quota or suspended. 0 for a model that nobody supplies.
func (v *View) GetModelCount(modelID string) int {
	m := v.models.get(modelID)
	if m == nil {
		return 0
	}
	if m.until == 0 {
		return m.available
	}
	available, _ := m.at(v.clock.Millis())
	return available
}

// GetModelProviders returns the providers that supply a model, the one with most registrations first, equals by name.
// Marks do not matter. nil for none.
func (v *View) GetModelProviders(modelID string) []string {
	m := v.models.get(modelID)
	if m == nil {
		return nil
	}
	return slices.Clone(m.names)
}

// GetModelInfo returns the description of a model as the most recently registered client gives it that supplies the
// model; with a provider, the most recent of that provider's clients, or the general one where it has none. nil for a
// model that nobody supplies.
func (v *View) GetModelInfo(modelID string, provider ...string) *ModelInfo {
	m := v.models.get(modelID)
	if m == nil {
		return nil
	}
	name := ""
	if len(provider) > 0 {
		name = strings.ToLower(provider[0])
	}
	return m.info(name).Clone()
}

// GetModelsForClient returns the models that a client registered, each once, in order of first appearance. nil for a
// client that is not registered.
func (v *View) GetModelsForClient(clientID string) []*ModelInfo {
	d := v.clients.get(clientID)
	if d == nil {
		return nil
	}
	return d.catalog.clone()
}

// GetAvailableModels returns the models that are listed now, by ID, in the shape that handlerType names: "openai",
// "claude", "gemini", anything else is a plain one. Listed is a model that some client may serve, and one whose clients
// are all over quota, since they come back by themselves. Never nil.
func (v *View) GetAvailableModels(handlerType string) []map[string]any {
	current := v.listing.Load()
	now := v.momentOf(current)
	f, lists := formatOf(handlerType), new(listSpace)
	rendered := make([]map[string]any, 0, len(current.byID))
	for _, slot := range current.byID {
		m := current.states.at(int(slot))
		if _, listed := m.at(now); listed {
			rendered = append(rendered, m.newest.render(f, lists))
		}
	}
	return rendered
}

// GetAvailableModelInfos returns the descriptions of the models that are listed now, by ID. Never nil.
func (v *View) GetAvailableModelInfos() []*ModelInfo {
	current := v.listing.Load()
	now := v.momentOf(current)
	infos := make([]*ModelInfo, 0, len(current.byID))
	for _, slot := range current.byID {
		m := current.states.at(int(slot))
		if _, listed := m.at(now); listed {
			infos = append(infos, m.newest.info.Clone())
		}
	}
	return infos
}

// GetAvailableModelsByProvider returns the models that a provider's own clients list now, by ID, as the most recently
// registered of them describes each. The name is lower-cased. Never nil.
func (v *View) GetAvailableModelsByProvider(provider string) []*ModelInfo {
	provider = strings.ToLower(provider)
	current := v.listing.Load()
	now := v.clock.Millis()
	infos := make([]*ModelInfo, 0, len(current.byID))
	for _, slot := range current.byID {
		m := current.states.at(int(slot))
		if s := m.share(provider); s != nil && m.listedBy(s, now) {
			infos = append(infos, s.newest.info.Clone())
		}
	}
	return infos
}

// GetFirstAvailableModel returns the most recently created of the models that some client can serve now, equals by ID.
// The handler type only appears in the error for the case that there is none.
func (v *View) GetFirstAvailableModel(handlerType string) (string, error) {
	current := v.listing.Load()
	now := v.momentOf(current)
	for _, slot := range current.newest {
		m := current.states.at(int(slot))
		if available, _ := m.at(now); available > 0 {
			return m.id, nil
		}
	}
	for _, slot := range current.byID {
		m := current.states.at(int(slot))
		if _, listed := m.at(now); listed {
			return "", fmt.Errorf("no available clients for any model in handler type: %s", handlerType)
		}
	}
	return "", fmt.Errorf("no models available for handler type: %s", handlerType)
}

// GetGeneration returns a number that changes when, and only when, an answer may have changed, be it by a write or by
// time. Only the holders of a client that stays, as Client tells them, do not count. It counts anew in every process.
func (v *View) GetGeneration() uint64 {
	current := v.listing.Load()
	if current.until != 0 && v.clock.Millis() >= current.until {
		return current.generation + 1 // what the expiry is about to publish
	}
	return current.generation
}

// momentOf is the one moment for which a whole list is worked out; the clock is not asked where no model has a mark.
func (v *View) momentOf(l *listing) int64 {
	if l.until == 0 {
		return 0
	}
	return v.clock.Millis()
}
