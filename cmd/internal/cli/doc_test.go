package cli_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
)

// verbs are all that can be called, by their names in full. completion stands for its shells.
func verbs(under *cobra.Command) []string {
	var all []string
	for _, cmd := range under.Commands() {
		switch {
		case cmd.Name() == "help":
		case cmd.HasSubCommands() && cmd.Name() != "completion":
			all = append(all, verbs(cmd)...)
		default:
			all = append(all, cmd.CommandPath())
		}
	}
	return all
}

func rootWithAll() *cobra.Command {
	root := cli.NewRoot()
	root.InitDefaultCompletionCmd()
	return root
}

// TestDocumentHasEveryVerb holds docs/cli.md against the verbs there are, and parses its examples.
func TestDocumentHasEveryVerb(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, section := range strings.Split(string(page), "\n### `")[1:] {
		verb, text, _ := strings.Cut(section, "`")
		documented = append(documented, verb)
		_, example, found := strings.Cut(text, "\n    rollcall ")
		if !found {
			t.Errorf("%s has no example", verb)
			continue
		}
		example, _, _ = strings.Cut(example, "\n")
		parses(t, verb, words(example))
	}
	want := verbs(rootWithAll())
	slices.Sort(documented)
	slices.Sort(want)
	if !slices.Equal(documented, want) {
		t.Errorf("docs/cli.md has\n%q, there are\n%q", documented, want)
	}
}

// TestHelpHasExamplesThatParse: those that stand in the help of the verbs.
func TestHelpHasExamplesThatParse(t *testing.T) {
	t.Parallel()
	for _, verb := range verbs(rootWithAll()) {
		if verb == "rollcall completion" {
			continue
		}
		cmd, _, err := rootWithAll().Find(words(verb)[1:])
		if err != nil {
			t.Fatal(err)
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", verb)
		}
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(line, "|")
			line, _, _ = strings.Cut(line, ">")
			_, arguments, found := strings.Cut(line, "rollcall ")
			if !found {
				t.Errorf("%s: an example is %q", verb, line)
				continue
			}
			parses(t, verb, words(arguments))
		}
	}
}

// parses says whether a command line is one of the verb, as far as can be told without running it.
func parses(t *testing.T, verb string, args []string) {
	t.Helper()
	cmd, rest, err := rootWithAll().Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil && cmd.Name() != "completion" && cmd.Parent().Name() != "completion" {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil || !strings.HasPrefix(cmd.CommandPath(), verb) {
		t.Errorf("%s: the example %q is one of %s: %v", verb, args, cmd.CommandPath(), err)
	}
}

// words splits a command line as a shell does, as far as it is needed here.
func words(line string) []string {
	var all []string
	quote := rune(0)
	open := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
			if !open {
				all, open = append(all, ""), true
			}
		case quote == 0 && (r == ' ' || r == '\n'):
			open = false
		default:
			if !open {
				all, open = append(all, ""), true
			}
			all[len(all)-1] += string(r)
		}
	}
	return all
}
