package registry_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/registry"
)

// copies is how often the client's list has the model.
func (c *refClient) copies(model string) int {
	n := 0
	for _, m := range c.models {
		if m.ID == model {
			n++
		}
	}
	return n
}

// description is the first one of the model in the client's list, nil if it is not there.
func (c *refClient) description(model string) *registry.ModelInfo {
	for _, m := range c.models {
		if m.ID == model {
			return m.Clone()
		}
	}
	return nil
}

// distinct is the client's list without repetitions.
func (c *refClient) distinct() []*registry.ModelInfo {
	var list []*registry.ModelInfo
	for _, m := range c.models {
		if !slices.ContainsFunc(list, func(l *registry.ModelInfo) bool { return l.ID == m.ID }) {
			list = append(list, m.Clone())
		}
	}
	return list
}

// sameModels: no question can tell the two lists apart.
func sameModels(a, b []*registry.ModelInfo) bool {
	ca, cb := &refClient{models: a}, &refClient{models: b}
	if !reflect.DeepEqual(ca.distinct(), cb.distinct()) {
		return false
	}
	for _, m := range a {
		if ca.copies(m.ID) != cb.copies(m.ID) {
			return false
		}
	}
	return true
}

// modelIDs are all model IDs that a client supplies, in order.
func (ref *reference) modelIDs() []string {
	ids := map[string]bool{}
	for _, c := range ref.clients {
		for _, m := range c.models {
			ids[m.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// latest describes a model in the words of the client defined last among those that supply it (of one provider, or
// of all). It is nil if there is none.
func (ref *reference) latest(model string, provider *string) *registry.ModelInfo {
	var best *refClient
	for _, c := range ref.clients {
		if c.copies(model) == 0 || provider != nil && c.provider != *provider {
			continue
		}
		if best == nil || c.defined > best.defined {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return best.description(model)
}

func (ref *reference) listedInfos(provider *string) []*registry.ModelInfo {
	var list []*registry.ModelInfo
	for _, model := range ref.modelIDs() {
		if ref.tally(model, provider).listed() {
			list = append(list, ref.latest(model, provider))
		}
	}
	return list
}

func (ref *reference) ClientSupportsModel(clientID, modelID string) bool {
	c := ref.clients[strings.TrimSpace(clientID)]
	if c == nil {
		return false
	}
	for _, m := range c.models {
		if strings.EqualFold(strings.TrimSpace(m.ID), strings.TrimSpace(modelID)) {
			return true
		}
	}
	return false
}

func (ref *reference) GetModelCount(modelID string) int {
	t := ref.tally(modelID, nil)
	return max(0, t.count-t.marked)
}

func (ref *reference) GetModelsForClient(clientID string) []*registry.ModelInfo {
	if c := ref.clients[clientID]; c != nil {
		return c.distinct()
	}
	return nil
}

func (ref *reference) GetAvailableModelInfos() []*registry.ModelInfo { return ref.listedInfos(nil) }

func (ref *reference) GetAvailableModelsByProvider(provider string) []*registry.ModelInfo {
	if provider == "" { // clients without a provider are nobody's
		return nil
	}
	provider = strings.ToLower(provider)
	return ref.listedInfos(&provider)
}

func (ref *reference) GetFirstAvailableModel(handlerType string) (string, error) {
	list := ref.listedInfos(nil)
	if len(list) == 0 {
		return "", errors.New("no models available for handler type: " + handlerType)
	}
	var first *registry.ModelInfo
	for _, m := range list { // in order of ID, so of two equally new ones the first stays
		if ref.GetModelCount(m.ID) > 0 && (first == nil || m.Created > first.Created) {
			first = m
		}
	}
	if first == nil {
		return "", errors.New("no available clients for any model in handler type: " + handlerType)
	}
	return first.ID, nil
}
