package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
	"github.com/rollcall-dev/rollcall/registry"
)

const defaultFile = "config.yaml"

// file is a config file as it was written: viper alone would turn all names into lower case, those inside the clients'
// models too.
type file struct {
	path   string
	values map[string]any
}

// readFile reads the named file, or ./config.yaml where no name is given and there is one. JSON is read as the YAML it
// is.
func readFile(path string) (*file, error) {
	named := path != ""
	if !named {
		path = defaultFile
	}
	f := &file{path: path, values: map[string]any{}}
	data, err := os.ReadFile(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, &Error{Source: path, Problem: "cannot be read: " + err.Error()}
	}
	decoder, err := viper.NewCodecRegistry().Decoder("yaml")
	if err != nil {
		return nil, &Error{Source: path, Problem: err.Error()}
	}
	if err := decoder.Decode(data, f.values); err != nil {
		return nil, &Error{Source: path, Problem: "is not a YAML file of keys and values: " + oneLine(err)}
	}
	known := keys()
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			return nil, &Error{key, path, fmt.Sprintf("unknown key; the nearest known one is %q", strict.Nearest(key, known))}
		}
	}
	return f, nil
}

// oneLine brings the decoder's list of errors into one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

// scalars returns what viper is to know of the file.
func (f *file) scalars() map[string]any {
	scalars := maps.Clone(f.values)
	delete(scalars, "clients")
	delete(scalars, "tokens")
	return scalars
}

// clients decodes the clients with their models.
func (f *file) clients() ([]Client, error) {
	var clients []Client
	return clients, f.decode("clients", strict.Decoder{Short: ModelByID}, &clients)
}

// decode sets what dst points to from the value of a key.
func (f *file) decode(key string, d strict.Decoder, dst any) error {
	err := d.Decode(key, f.values[key], dst)
	var misfit *strict.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &misfit):
		return &Error{misfit.Path, f.path, misfit.Problem}
	default:
		return &Error{key, f.path, err.Error()}
	}
}

// ModelByID is a strict.Decoder's Short that lets a plain string stand for a model of which nothing but the ID is known.
func ModelByID(t reflect.Type, value any) any {
	if id, ok := value.(string); ok && t == reflect.TypeFor[registry.ModelInfo]() {
		return map[string]any{"id": id}
	}
	return value
}
