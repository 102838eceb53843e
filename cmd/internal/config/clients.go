package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/registry"
)

// validateClients checks the clients as far as this is possible without the catalogue.
func (c *Config) validateClients(path string) error {
	seen := map[string]int{}
	for i, client := range c.Clients {
		at := fmt.Sprintf("clients[%d]", i)
		if first, ok := seen[client.ID]; ok {
			return &Error{at + ".id", path, fmt.Sprintf("is %q, as clients[%d].id is; each client needs its own", client.ID, first)}
		}
		seen[client.ID] = i
		if field, problem := client.problem(c.Catalogue != ""); problem != "" {
			return &Error{at + field, path, problem}
		}
	}
	return nil
}

// problem names the first field that is wrong, and how.
func (c Client) problem(hasCatalogue bool) (field, problem string) {
	if p := IDProblem(c.ID, maxClientIDBytes); p != "" {
		return ".id", p
	}
	if p := IDProblem(c.Provider, MaxProviderBytes); p != "" {
		return ".provider", p
	}
	switch {
	case c.Section == "" && len(c.Models) == 0:
		return "", "has no models; state a section of the catalogue, or models"
	case c.Section != "" && c.Models != nil:
		return ".section", "models are stated as well; keep one of them"
	case c.Section != "" && !hasCatalogue:
		return ".section", fmt.Sprintf("is %q, but no catalogue is set", c.Section)
	}
	return ModelsProblem(".models", c.Models)
}

// ModelsProblem checks the models of one client, or of one section of the catalogue, whose path is given. It returns
// the path of the first that is wrong and how it is wrong; problem "" means that all are right.
func ModelsProblem(path string, models []*registry.ModelInfo) (field, problem string) {
	if len(models) > maxModels {
		return path, fmt.Sprintf("has %d models; at most %d are allowed", len(models), maxModels)
	}
	for i, model := range models {
		at := fmt.Sprintf("%s[%d]", path, i)
		if p := IDProblem(model.ID, maxModelIDBytes); p != "" {
			return at + ".id", p
		}
		if model.ID == "*" {
			return at + ".id", `is "*", which stands for all models of a client; a model needs a name of its own`
		}
		if n := len(model.Description); n > maxDescriptionBytes {
			return at + ".description", fmt.Sprintf("has %d bytes; at most %d are allowed", n, maxDescriptionBytes)
		}
		if field, p := numberProblem(model); p != "" {
			return at + field, p
		}
	}
	return "", ""
}

// MaxCreated is the last second that a date in the lists can name, in the year 9999.
const MaxCreated = 253402300799

// numberProblem names the first number of a model that cannot be, and says why.
func numberProblem(model *registry.ModelInfo) (field, problem string) {
	if model.Created < 0 || model.Created > MaxCreated {
		return ".created", fmt.Sprintf("is %d; must be Unix seconds from 0 to %d, the end of the year 9999", model.Created, MaxCreated)
	}
	var thinking registry.ThinkingSupport
	if model.Thinking != nil {
		thinking = *model.Thinking
	}
	for _, count := range []struct {
		field string
		value int
	}{
		{".inputTokenLimit", model.InputTokenLimit}, {".outputTokenLimit", model.OutputTokenLimit},
		{".context_length", model.ContextLength}, {".max_completion_tokens", model.MaxCompletionTokens},
		{".thinking.min", thinking.Min}, {".thinking.max", thinking.Max},
	} {
		if count.value < 0 {
			return count.field, fmt.Sprintf("is %d; must not be negative", count.value)
		}
	}
	return "", ""
}

// IDProblem says why text cannot be an ID of at most most bytes; "" means that it can.
func IDProblem(text string, most int) string {
	switch {
	case text == "":
		return "is missing"
	case len(text) > most:
		return fmt.Sprintf("has %d bytes; at most %d are allowed", len(text), most)
	case !utf8.ValidString(text):
		return "is not valid UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Sprintf("is %q; control characters are not allowed", text)
	}
	return ""
}
