package registry

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/store"
)

// validID refuses what cannot be an ID. Spaces at the ends and capitals are allowed: IDs are kept as they are given.
func validID(field, id string, limit int) error {
	if id == "" {
		return invalid(field, "must not be empty")
	}
	return validText(field, id, limit)
}

func validText(field, text string, limit int) error {
	switch {
	case len(text) > limit:
		return invalid(field, "has %d bytes, at most %d are allowed", len(text), limit)
	case !utf8.ValidString(text):
		return invalid(field, "is not valid UTF-8")
	}
	if at := strings.IndexFunc(text, unicode.IsControl); at >= 0 {
		return invalid(field, "has a control character at byte %d", at)
	}
	return nil
}

// validReason refuses a reason that is too long or no text; line breaks and the like may stand in it.
func validReason(reason string) error {
	if len(reason) > maxReason {
		return invalid("reason", "has %d bytes, at most %d are allowed", len(reason), maxReason)
	}
	if !utf8.ValidString(reason) {
		return invalid("reason", "is not valid UTF-8")
	}
	return nil
}

// validPair refuses what cannot be a client and a model.
func validPair(clientID, modelID string) error {
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	return validID("modelID", modelID, maxModelID)
}

// usable checks the models of a registration and returns their catalog; count is that of the models which are neither
// nil nor without an ID.
func usable(models []*ModelInfo) (made store.Catalog, count int, err error) {
	for i, model := range models {
		if model == nil || model.ID == "" {
			continue
		}
		count++
		if err := validModel(fmt.Sprintf("models[%d]", i), model); err != nil {
			return made, count, err
		}
	}
	if count > maxModels {
		return made, count, invalid("models", "has %d entries, at most %d are allowed", count, maxModels)
	}
	if count == 0 {
		return made, 0, nil
	}
	if made, err = encodeCatalog(models); err != nil {
		return made, count, err
	}
	if len(made.JSON) > maxCatalog {
		return made, count, invalid("models", "has %d bytes as JSON, at most %d are allowed", len(made.JSON), maxCatalog)
	}
	return made, count, nil
}

func validModel(field string, m *ModelInfo) error {
	if err := validID(field+".id", m.ID, maxModelID); err != nil {
		return err
	}
	if m.ID == wholeClient {
		return invalid(field+".id", `must not be "*", which stands for all models of a client`)
	}
	if len(m.Description) > maxDescription {
		return invalid(field+".description", "has %d bytes, at most %d are allowed", len(m.Description), maxDescription)
	}
	texts := []string{m.Object, m.OwnedBy, m.Type, m.DisplayName, m.Name, m.Version, m.Description}
	names := []string{"object", "owned_by", "type", "display_name", "name", "version", "description"}
	lists := [][]string{m.SupportedGenerationMethods, m.SupportedParameters, m.SupportedInputModalities,
		m.SupportedOutputModalities}
	listNames := []string{"supportedGenerationMethods", "supported_parameters", "supportedInputModalities",
		"supportedOutputModalities"}
	if m.Thinking != nil {
		lists, listNames = append(lists, m.Thinking.Levels), append(listNames, "thinking.levels")
	}
	for i, list := range lists {
		for _, text := range list {
			texts, names = append(texts, text), append(names, listNames[i])
		}
	}
	if m.Config != nil {
		for key, value := range m.Config.OverrideHeader {
			texts, names = append(texts, key, value), append(names, "config.override_header", "config.override_header")
		}
	}
	for i, text := range texts {
		if !utf8.ValidString(text) {
			return invalid(field+"."+names[i], "is not valid UTF-8")
		}
	}
	return nil
}
