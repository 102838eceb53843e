package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newClientRegister() *cobra.Command {
	var f frame
	var provider, file string
	var names []string
	cmd := &cobra.Command{
		Use:   "register CLIENT --provider NAME (--models ID,... | --file FILE)",
		Short: "Have a daemon hold a client",
		Long: `Have a daemon hold a client, until it is evicted or the daemon stops. Where the client is there already, its provider and
models become those given here.

The file is a list, in JSON or YAML, of models as the config file has them: IDs alone, or mappings. - is the standard
input.`,
		Example: `  rollcall client register contoso-openai-key --provider openai --models gpt-5,gpt-5-mini --server http://127.0.0.1:8420`,
		Args:    arguments(1, "CLIENT"),
	}
	cmd.Flags().StringVar(&provider, "provider", "", "the `name` of the provider the client belongs to")
	cmd.Flags().StringSliceVar(&names, "models", nil, "the `ID`s of the models it can serve, with commas between")
	cmd.Flags().StringVar(&file, "file", "", "a `file` that lists the models")
	return f.throughDaemon(cmd, func(ctx context.Context, in *viaDaemon, args []string) (answer, error) {
		if provider == "" {
			return answer{}, usage("--provider is missing")
		}
		if (len(names) == 0) == (file == "") {
			return answer{}, usage("give either --models or --file")
		}
		var models []*registry.ModelInfo
		for _, name := range names {
			models = append(models, &registry.ModelInfo{ID: strings.TrimSpace(name)})
		}
		if file != "" {
			if err := readDocument(cmd.InOrStdin(), file, "models", &models); err != nil {
				return answer{}, err
			}
		}
		did, err := in.Register(ctx, args[0], provider, models)
		sentence := fmt.Sprintf("The daemon holds the client %s with %s.", args[0], counted(len(models), "model"))
		return written{ClientID: args[0], outcome: did}.said(sentence), err
	})
}

// counted is a number of things.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
}
