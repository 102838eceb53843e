// Package catalogue reads the JSON file of models that clients name by section, and follows its changes.
package catalogue

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
	"github.com/rollcall-dev/rollcall/registry"
)

// Catalogue is the content of a catalogue file. It is not changed once it is read.
type Catalogue struct {
	// Ignored lists the paths of fields that no model has. The file may come from someone whose models have more.
	Ignored []string

	sections map[string][]*registry.ModelInfo
	digest   digest // of the bytes it was read from
}

type digest [sha256.Size]byte

// Load reads the file at path. Errors name the file and, where they can, the line or the model.
func Load(path string) (*Catalogue, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, readError(path, err)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func readError(path string, err error) error {
	var reason *fs.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	return fmt.Errorf("%s cannot be read: %w", path, err)
}

// Parse reads a catalogue: a JSON object of sections, each a list of models in their JSON names. It must hold at least
// one model, each model needs an ID, and no section may be there twice.
func Parse(data []byte) (*Catalogue, error) {
	raw, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{sections: make(map[string][]*registry.ModelInfo, len(raw)), digest: sha256.Sum256(data)}
	decoder := strict.Decoder{Unknown: func(path string, _ []string) error {
		c.Ignored = append(c.Ignored, path)
		return nil
	}}
	models := 0
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		var section []*registry.ModelInfo
		if err := decoder.Decode(name, raw[name], &section); err != nil {
			return nil, err
		}
		if field, problem := config.ModelsProblem(name, section); problem != "" {
			return nil, &strict.Error{Path: field, Problem: problem}
		}
		c.sections[name] = section
		models += len(section)
	}
	switch {
	case len(raw) == 0:
		return nil, errors.New("has no sections")
	case models == 0:
		return nil, errors.New("has no models")
	}
	return c, nil
}

// Models returns the models of a section, which the caller must not change. A section that is missing or empty is an
// error.
func (c *Catalogue) Models(section string) ([]*registry.ModelInfo, error) {
	models, ok := c.sections[section]
	if !ok {
		known := slices.Sorted(maps.Keys(c.sections))
		return nil, fmt.Errorf("the catalogue has no section %q; the nearest is %q", section, strict.Nearest(section, known))
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("the catalogue's section %q has no models", section)
	}
	return models, nil
}

// parseJSON returns the sections undecoded, so that errors in them can be told by their path.
func parseJSON(data []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("is empty")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, syntaxError(data, err)
	}
	d := json.NewDecoder(bytes.NewReader(data)) // token by token, since a map would hide a section that is there twice
	d.UseNumber()
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New(`is not a JSON object; it must look like {"section": [{"id": "..."}]}`)
	}
	sections := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, syntaxError(data, err)
		}
		var content any
		if err := d.Decode(&content); err != nil {
			return nil, syntaxError(data, err)
		}
		section := fmt.Sprint(name)
		if _, twice := sections[section]; twice {
			return nil, fmt.Errorf("section %q is there twice, again %s", section, position(data, d.InputOffset()))
		}
		sections[section] = content
	}
	return sections, nil
}

func syntaxError(data []byte, err error) error {
	at := ""
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = " " + position(data, syntax.Offset)
	}
	return fmt.Errorf("is not valid JSON%s: %w", at, err)
}

// position says where the byte in front of offset stands, counting from 1.
func position(data []byte, offset int64) string {
	before := data[:min(int(offset), len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	return fmt.Sprintf("at line %d, column %d", line, column)
}
