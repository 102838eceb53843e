package registry

import (
	"maps"
	"slices"
)

// ModelInfo describes one model as a client registers it. The JSON names are those that the providers' own model
// lists use, so a catalogue in that shape decodes into it as it is. Zero fields mean "not stated".
//
// MaxContextLength, UserDefined and IsCompat are kept out of public JSON; they still reach every replica.
type ModelInfo struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"` // Unix seconds
	OwnedBy string `json:"owned_by"`
	Type    string `json:"type"`

	DisplayName string `json:"display_name,omitempty"`
	Name        string `json:"name,omitempty"` // Gemini style, "models/..."
	Version     string `json:"version,omitempty"`
	Description string `json:"description,omitempty"`

	InputTokenLimit            int              `json:"inputTokenLimit,omitempty"`
	OutputTokenLimit           int              `json:"outputTokenLimit,omitempty"`
	SupportedGenerationMethods []string         `json:"supportedGenerationMethods,omitempty"`
	ContextLength              int              `json:"context_length,omitempty"`
	MaxContextLength           int              `json:"-"`
	MaxCompletionTokens        int              `json:"max_completion_tokens,omitempty"`
	SupportedParameters        []string         `json:"supported_parameters,omitempty"`
	SupportedInputModalities   []string         `json:"supportedInputModalities,omitempty"`
	SupportedOutputModalities  []string         `json:"supportedOutputModalities,omitempty"`
	SupportsWebSearch          bool             `json:"supports_web_search,omitempty"`
	Thinking                   *ThinkingSupport `json:"thinking,omitempty"`
	Config                     *ModelConfig     `json:"config,omitempty"`

	UserDefined bool `json:"-"` // the entry was written by the proxy's operator
	IsCompat    bool `json:"-"` // the entry stands for a compatible upstream
}

// ThinkingSupport states which thinking budgets a model accepts, in the provider's own token units.
type ThinkingSupport struct {
	Min            int      `json:"min,omitempty"`             // smallest budget, inclusive
	Max            int      `json:"max,omitempty"`             // largest budget, inclusive
	ZeroAllowed    bool     `json:"zero_allowed,omitempty"`    // 0 switches thinking off
	DynamicAllowed bool     `json:"dynamic_allowed,omitempty"` // -1 lets the model decide
	Levels         []string `json:"levels,omitempty"`          // named efforts; when set, they replace budgets
}

// ModelConfig holds what a proxy changes in requests to the model.
type ModelConfig struct {
	OverrideHeader map[string]string `json:"override_header,omitempty"` // header name to value
}

// Clone returns a copy that shares no memory with m. The clone of nil is nil.
func (m *ModelInfo) Clone() *ModelInfo {
	if m == nil {
		return nil
	}
	c := *m
	c.SupportedGenerationMethods = slices.Clone(m.SupportedGenerationMethods)
	c.SupportedParameters = slices.Clone(m.SupportedParameters)
	c.SupportedInputModalities = slices.Clone(m.SupportedInputModalities)
	c.SupportedOutputModalities = slices.Clone(m.SupportedOutputModalities)
	if m.Thinking != nil {
		t := *m.Thinking
		t.Levels = slices.Clone(t.Levels)
		c.Thinking = &t
	}
	if m.Config != nil {
		c.Config = &ModelConfig{OverrideHeader: maps.Clone(m.Config.OverrideHeader)}
	}
	return &c
}
