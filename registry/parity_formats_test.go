package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

// full says everything the formats can show, bare says nothing, odd what "when > 0" and "when not 0" tell apart.
var (
	full = registry.ModelInfo{
		ID: "full", Object: "ignored", Created: 1_700_000_001, OwnedBy: "owner", Type: "kind",
		DisplayName: "Full", Name: "models/full", Version: "v1", Description: "Says everything.",
		InputTokenLimit: 11, OutputTokenLimit: 22, SupportedGenerationMethods: []string{"generate", "count"},
		ContextLength: 33, MaxContextLength: 44, MaxCompletionTokens: 55, SupportedParameters: []string{"tools"},
		SupportedInputModalities: []string{"text"}, SupportedOutputModalities: []string{"text"},
		SupportsWebSearch: true, Thinking: &registry.ThinkingSupport{Min: 1, Max: 2},
		Config:      &registry.ModelConfig{OverrideHeader: map[string]string{"a": "b"}},
		UserDefined: true, IsCompat: true,
	}
	bare = registry.ModelInfo{ID: "bare"}
	odd  = registry.ModelInfo{ID: "odd", Created: -1, ContextLength: -1, MaxCompletionTokens: -1}
)

func (f *fleet) registerFormats() {
	f.t.Helper()
	f.ok(f.a.RegisterClient(f.t.Context(), "c", "p", []*registry.ModelInfo{&full, &odd, &bare}))
}

// format expects what a handler shows of bare, full and odd.
func (f *fleet) format(handler string, want ...map[string]any) {
	f.t.Helper()
	f.expect("GetAvailableModels("+handler+")", want, func(r reader) any { return r.GetAvailableModels(handler) })
}

func TestFormatOpenAI(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.registerFormats()
		f.format("openai",
			map[string]any{"id": "bare", "object": "model", "owned_by": ""},
			map[string]any{
				"id": "full", "object": "model", "owned_by": "owner", "created": int64(1_700_000_001), "type": "kind",
				"display_name": "Full", "version": "v1", "description": "Says everything.",
				"context_length": 33, "max_completion_tokens": 55, "supported_parameters": []string{"tools"},
			},
			map[string]any{"id": "odd", "object": "model", "owned_by": ""})
	})
}

func TestFormatClaude(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.registerFormats()
		f.format("claude",
			map[string]any{"id": "bare", "object": "model", "owned_by": ""},
			map[string]any{
				"id": "full", "object": "model", "owned_by": "owner", "created": int64(1_700_000_001), "type": "kind",
				"display_name": "Full",
			},
			map[string]any{"id": "odd", "object": "model", "owned_by": ""})
	})
}

func TestFormatGemini(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.registerFormats()
		f.format("gemini",
			map[string]any{"name": "bare"},
			map[string]any{
				"name": "models/full", "version": "v1", "displayName": "Full", "description": "Says everything.",
				"inputTokenLimit": 11, "outputTokenLimit": 22, "supportedGenerationMethods": []string{"generate", "count"},
			},
			map[string]any{"name": "odd"})
	})
}

func TestFormatAnyOther(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.registerFormats()
		for _, handler := range []string{"other", "", "OpenAI", "openai-response"} {
			f.format(handler,
				map[string]any{"id": "bare", "object": "model"},
				map[string]any{
					"id": "full", "object": "model", "owned_by": "owner", "type": "kind", "created": int64(1_700_000_001),
				},
				map[string]any{"id": "odd", "object": "model", "created": int64(-1)})
		}
	})
}

func TestFormatsAreNeverNil(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		for _, handler := range handlers {
			f.format(handler, []map[string]any{}...)
		}
		f.register("c", "p", "m")
		f.suspend("c", "m", "manual")
		for _, handler := range handlers {
			f.expect("GetAvailableModels("+handler+")", []map[string]any{},
				func(r reader) any { return r.GetAvailableModels(handler) })
		}
	})
}

func TestFormatChoosesFieldsNotModels(t *testing.T) {
	everywhere(t, false, registry.Options{}, func(f *fleet) {
		f.register("c", "claude", "claude-x")
		f.register("d", "gemini", "gemini-x")
		f.quota("d", "gemini-x")
		for _, handler := range handlers {
			f.expect("GetAvailableModels("+handler+") IDs", []string{"claude-x", "gemini-x"}, func(r reader) any {
				var list []string
				for _, m := range r.GetAvailableModels(handler) {
					if handler == "gemini" {
						list = append(list, m["name"].(string))
					} else {
						list = append(list, m["id"].(string))
					}
				}
				return list
			})
		}
	})
}
