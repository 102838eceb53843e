package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

// readDocument reads a file of JSON or YAML by the letter into what found points to; "-" is the standard input. name is
// what errors call the whole.
func readDocument(stdin io.Reader, file, name string, found any) error {
	var data []byte
	var err error
	if file == "-" {
		file = "standard input"
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return usage("%s cannot be read: %w", file, err)
	}
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		return usage("%s is neither JSON nor YAML: %s", file, strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
	}
	if value == nil {
		return usage("%s is empty", file)
	}
	err = strict.Decoder{Short: config.ModelByID}.Decode(name, value, found)
	var misfit *strict.Error
	if errors.As(err, &misfit) {
		where := strings.TrimPrefix(misfit.Path, ".")
		if where == "" {
			return usage("%s %s", file, misfit.Problem)
		}
		return usage("%s: %s: %s", file, where, misfit.Problem)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}
