package registry_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/registry"
)

// reader is every question that can be asked. The registry and the reference both answer it.
type reader interface {
	ClientSupportsModel(clientID, modelID string) bool
	GetAvailableModels(handlerType string) []map[string]any
	GetModelCount(modelID string) int
	GetModelProviders(modelID string) []string
	GetModelInfo(modelID string, provider ...string) *registry.ModelInfo
	GetFirstAvailableModel(handlerType string) (string, error)
	GetModelsForClient(clientID string) []*registry.ModelInfo
	GetAvailableModelInfos() []*registry.ModelInfo
	GetAvailableModelsByProvider(provider string) []*registry.ModelInfo
	statusReader
}

var (
	_ reader = (*registry.ModelRegistry)(nil)
	_ reader = (*reference)(nil)
)

// universe is what the questions are asked about; unknown names belong in it too.
type universe struct {
	clients, models, providers, handlers []string
}

// answers holds what a reader said to every question, by the question as one would write it.
type answers map[string]any

// ask puts every question about the universe to r.
func (u universe) ask(r reader) answers {
	said := answers{}
	say := func(answer any, question string, args ...any) { said[fmt.Sprintf(question, args...)] = answer }

	for _, client := range u.clients {
		say(r.GetModelsForClient(client), "GetModelsForClient(%q)", client)
		for _, model := range u.models {
			say(r.ClientSupportsModel(client, model), "ClientSupportsModel(%q, %q)", client, model)
		}
	}
	for _, model := range u.models {
		say(r.GetModelCount(model), "GetModelCount(%q)", model)
		say(r.GetModelProviders(model), "GetModelProviders(%q)", model)
		say(r.GetModelInfo(model), "GetModelInfo(%q)", model)
		for _, provider := range u.providers {
			say(r.GetModelInfo(model, provider), "GetModelInfo(%q, %q)", model, provider)
		}
	}
	for _, handler := range u.handlers {
		say(r.GetAvailableModels(handler), "GetAvailableModels(%q)", handler)
		first, err := r.GetFirstAvailableModel(handler)
		say(first, "GetFirstAvailableModel(%q)", handler)
		say(fmt.Sprint(err), "GetFirstAvailableModel(%q) error", handler)
	}
	// Nothing distinguishes a nil list from an empty one here.
	say(append([]*registry.ModelInfo{}, r.GetAvailableModelInfos()...), "GetAvailableModelInfos()")
	for _, provider := range u.providers {
		list := append([]*registry.ModelInfo{}, r.GetAvailableModelsByProvider(provider)...)
		say(list, "GetAvailableModelsByProvider(%q)", provider)
	}
	u.askStatus(r, say)
	return said
}

// differences lists the questions that were answered differently, "" if there are none.
func (want answers) differences(got answers) string {
	var questions []string
	for question, answer := range want {
		if !reflect.DeepEqual(answer, got[question]) {
			questions = append(questions, question)
		}
	}
	slices.Sort(questions)
	var text strings.Builder
	for i, question := range questions {
		if i == 12 {
			fmt.Fprintf(&text, "... and %d more", len(questions)-i)
			break
		}
		fmt.Fprintf(&text, "%s\n\t got %s\n\twant %s\n", question, show(got[question]), show(want[question]))
	}
	return text.String()
}

// show prints an answer with its descriptions in full.
func show(answer any) string {
	switch answer := answer.(type) {
	case *registry.ModelInfo:
		if answer == nil {
			return "nil"
		}
		text := fmt.Sprintf("%+v", *answer)
		if answer.Thinking != nil {
			text += fmt.Sprintf(" thinking %+v", *answer.Thinking)
		}
		if answer.Config != nil {
			text += fmt.Sprintf(" config %+v", *answer.Config)
		}
		return text
	case []*registry.ModelInfo:
		texts := make([]string, len(answer))
		for i, m := range answer {
			texts[i] = show(m)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprintf("%#v", answer)
}
