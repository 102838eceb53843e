package registry_test

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// original answers the way a registry inside one process does: maps behind one lock, everything worked out when asked.
// It is the yardstick of reads.
type original struct {
	mu      sync.RWMutex
	models  map[string]*originalModel
	clients map[string][]string
}

type originalModel struct {
	info      *registry.ModelInfo
	count     int
	providers map[string]int
	over      map[string]time.Time // clients over quota, since when
	suspended map[string]string    // clients suspended, and why
}

const originalWindow = 5 * time.Minute

func newOriginal(w world, marked bool) *original {
	o := &original{models: make(map[string]*originalModel), clients: make(map[string][]string)}
	for i := range w.clients {
		for _, info := range w.catalog(i) {
			m := o.models[info.ID]
			if m == nil {
				m = &originalModel{
					providers: make(map[string]int), over: make(map[string]time.Time), suspended: make(map[string]string),
				}
				o.models[info.ID] = m
			}
			m.info = info
			m.count++
			m.providers[w.provider(i)]++
			o.clients[w.client(i)] = append(o.clients[w.client(i)], info.ID)
		}
	}
	if marked {
		for i := range w.pairs() / 10 {
			client, model := w.pair(i)
			o.models[model].over[client] = time.Now().Add(time.Hour) // for as long as the benchmark takes
		}
	}
	return o
}

func (o *original) ClientSupportsModel(clientID, modelID string) bool {
	clientID, modelID = strings.TrimSpace(clientID), strings.TrimSpace(modelID)
	if clientID == "" || modelID == "" {
		return false
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, id := range o.clients[clientID] {
		if strings.EqualFold(strings.TrimSpace(id), modelID) {
			return true
		}
	}
	return false
}

func (o *original) GetModelCount(modelID string) int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	m := o.models[modelID]
	if m == nil {
		return 0
	}
	now := time.Now()
	over := 0
	for _, since := range m.over {
		if now.Sub(since) < originalWindow {
			over++
		}
	}
	return max(0, m.count-over-len(m.suspended))
}

func (o *original) GetModelProviders(modelID string) []string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	m := o.models[modelID]
	if m == nil || len(m.providers) == 0 {
		return nil
	}
	type share struct {
		name  string
		count int
	}
	shares := make([]share, 0, len(m.providers))
	for name, count := range m.providers {
		shares = append(shares, share{name, count})
	}
	sort.Slice(shares, func(i, j int) bool {
		if shares[i].count == shares[j].count {
			return shares[i].name < shares[j].name
		}
		return shares[i].count > shares[j].count
	})
	names := make([]string, 0, len(shares))
	for _, s := range shares {
		names = append(names, s.name)
	}
	return names
}

func (o *original) GetAvailableModels(handlerType string) []map[string]any {
	o.mu.RLock()
	defer o.mu.RUnlock()
	list := make([]map[string]any, 0)
	now := time.Now()
	for _, m := range o.models {
		over, cooling, other := 0, 0, 0
		for _, since := range m.over {
			if now.Sub(since) < originalWindow {
				over++
			}
		}
		for _, reason := range m.suspended {
			if strings.EqualFold(reason, "quota") {
				cooling++
			} else {
				other++
			}
		}
		if m.count-over-other > 0 || (m.count > 0 && over+cooling > 0 && other == 0) {
			list = append(list, originalShape(m.info, handlerType))
		}
	}
	return list
}

func (o *original) GetFirstAvailableModel(handlerType string) (string, error) {
	list := o.GetAvailableModels(handlerType)
	if len(list) == 0 {
		return "", fmt.Errorf("no models available for handler type: %s", handlerType)
	}
	created := func(i int) int64 { at, _ := list[i]["created"].(int64); return at }
	sort.Slice(list, func(i, j int) bool { return created(i) > created(j) })
	for _, m := range list {
		if id, _ := m["id"].(string); o.GetModelCount(id) > 0 {
			return id, nil
		}
	}
	return "", fmt.Errorf("no available clients for any model in handler type: %s", handlerType)
}

func originalShape(m *registry.ModelInfo, handlerType string) map[string]any {
	shape := make(map[string]any)
	set := func(key string, value any, stated bool) {
		if stated {
			shape[key] = value
		}
	}
	switch handlerType {
	case "openai", "claude":
		shape = map[string]any{"id": m.ID, "object": "model", "owned_by": m.OwnedBy}
		set("created", m.Created, m.Created > 0)
		set("type", m.Type, m.Type != "")
		set("display_name", m.DisplayName, m.DisplayName != "")
		if handlerType == "claude" {
			break
		}
		set("version", m.Version, m.Version != "")
		set("description", m.Description, m.Description != "")
		set("context_length", m.ContextLength, m.ContextLength > 0)
		set("max_completion_tokens", m.MaxCompletionTokens, m.MaxCompletionTokens > 0)
		set("supported_parameters", m.SupportedParameters, len(m.SupportedParameters) > 0)
	case "gemini":
		shape["name"] = m.ID
		set("version", m.Version, m.Version != "")
		set("displayName", m.DisplayName, m.DisplayName != "")
		set("description", m.Description, m.Description != "")
		set("inputTokenLimit", m.InputTokenLimit, m.InputTokenLimit > 0)
		set("outputTokenLimit", m.OutputTokenLimit, m.OutputTokenLimit > 0)
		set("supportedGenerationMethods", m.SupportedGenerationMethods, len(m.SupportedGenerationMethods) > 0)
	}
	return shape
}
