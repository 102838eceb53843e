package registry_test

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/registry"
)

func (ref *reference) GetModelProviders(modelID string) []string {
	counts := map[string]int{}
	for _, c := range ref.clients {
		if n := c.copies(modelID); n > 0 && c.provider != "" {
			counts[c.provider] += n
		}
	}
	var providers []string
	for provider := range counts {
		providers = append(providers, provider)
	}
	slices.SortFunc(providers, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return providers
}

func (ref *reference) GetModelInfo(modelID string, provider ...string) *registry.ModelInfo {
	if len(provider) > 0 && provider[0] != "" {
		wanted := strings.ToLower(provider[0])
		if m := ref.latest(modelID, &wanted); m != nil {
			return m
		}
	}
	return ref.latest(modelID, nil)
}

func (ref *reference) GetAvailableModels(handlerType string) []map[string]any {
	list := []map[string]any{}
	for _, m := range ref.listedInfos(nil) {
		list = append(list, refFormat(handlerType, m))
	}
	return list
}

// refFormat writes one model in the fields of a handler.
func refFormat(handlerType string, m *registry.ModelInfo) map[string]any {
	out := map[string]any{}
	text := func(field, value string) {
		if value != "" {
			out[field] = value
		}
	}
	number := func(field string, value int) {
		if value > 0 {
			out[field] = value
		}
	}
	texts := func(field string, value []string) {
		if len(value) > 0 {
			out[field] = value
		}
	}
	switch handlerType {
	case "openai":
		out["id"], out["object"], out["owned_by"] = m.ID, "model", m.OwnedBy
		if m.Created > 0 {
			out["created"] = m.Created
		}
		text("type", m.Type)
		text("display_name", m.DisplayName)
		text("version", m.Version)
		text("description", m.Description)
		number("context_length", m.ContextLength)
		number("max_completion_tokens", m.MaxCompletionTokens)
		texts("supported_parameters", m.SupportedParameters)
	case "claude":
		out["id"], out["object"], out["owned_by"] = m.ID, "model", m.OwnedBy
		if m.Created > 0 {
			out["created"] = m.Created
		}
		text("type", m.Type)
		text("display_name", m.DisplayName)
	case "gemini":
		out["name"] = cmp.Or(m.Name, m.ID)
		text("version", m.Version)
		text("displayName", m.DisplayName)
		text("description", m.Description)
		number("inputTokenLimit", m.InputTokenLimit)
		number("outputTokenLimit", m.OutputTokenLimit)
		texts("supportedGenerationMethods", m.SupportedGenerationMethods)
	default:
		out["id"], out["object"] = m.ID, "model"
		text("owned_by", m.OwnedBy)
		text("type", m.Type)
		if m.Created != 0 {
			out["created"] = m.Created
		}
	}
	return out
}
