package registry_test

import (
	"fmt"
	"reflect"
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

// answers are what a reader said to every question about a universe, in the order in which they were asked.
type answers []answer

type answer struct {
	question string // a format
	args     []any
	said     any
}

// String is the question as one would write it.
func (a answer) String() string { return fmt.Sprintf(a.question, a.args...) }

// same says whether two answers are alike.
func (a answer) same(b answer) bool {
	switch said := a.said.(type) {
	case int, bool, string: // most of them: reflection takes longer
		return said == b.said
	}
	return reflect.DeepEqual(a.said, b.said)
}

// ask puts every question about the universe to r.
func (u universe) ask(r reader) answers {
	var all answers
	say := func(said any, question string, args ...any) { all = append(all, answer{question, args, said}) }

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
	return all
}

// differences lists the questions that were answered differently, "" if there are none. Both were asked about one
// universe.
func (want answers) differences(got answers) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d answers, want %d", len(got), len(want))
	}
	var text strings.Builder
	different := 0
	for i, answer := range want {
		if answer.same(got[i]) {
			continue
		}
		if different++; different <= 12 {
			fmt.Fprintf(&text, "%s\n\t got %s\n\twant %s\n", answer, show(got[i].said), show(answer.said))
		}
	}
	if different > 12 {
		fmt.Fprintf(&text, "... and %d more", different-12)
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
