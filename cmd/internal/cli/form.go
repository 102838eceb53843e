package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// form is how answers are written. It is a flag's value.
type form string

const (
	formTable form = "table"
	formJSON  form = "json"
	formYAML  form = "yaml"
)

const formUsage = "how to write the answer: table for people, json or yaml for programs"

// flag gives a verb the choice of the form.
func (f *form) flag(cmd *cobra.Command) {
	*f = formTable
	cmd.Flags().VarP(f, "output", "o", formUsage)
	err := cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(
		[]string{string(formTable), string(formJSON), string(formYAML)}, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is there
	}
}

func (f *form) String() string { return string(*f) }
func (f *form) Type() string   { return "form" }

// Set takes one of the forms.
func (f *form) Set(text string) error {
	switch form(text) {
	case formTable, formJSON, formYAML:
		*f = form(text)
		return nil
	}
	return errors.New("must be table, json or yaml")
}

// write writes an answer to out.
func (f form) write(out io.Writer, found answer, coloured bool) error {
	text, err := f.encode(found.value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	if f == formTable {
		text = tablesText(found.tables, coloured)
	}
	_, err = out.Write(text)
	return err
}

// encode makes JSON or YAML of a value, with the same names in the same order; nothing for a table.
func (f form) encode(value any) ([]byte, error) {
	if f == formTable {
		return nil, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil || f == formJSON {
		return text.Bytes(), err
	}
	return yamlOf(text.Bytes())
}

// yamlOf writes a JSON document, which is one of YAML, in the style of YAML.
func yamlOf(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, err
	}
	restyle(&root)
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return text.Bytes(), err
}

// restyle takes JSON's braces and quotes from a node and all below it; the encoder quotes what needs it. Empty lists and
// mappings keep their braces: YAML has no other way to write them.
func restyle(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode || len(node.Content) > 0 {
		node.Style = 0
	}
	for _, child := range node.Content {
		restyle(child)
	}
}
