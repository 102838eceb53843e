package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newModels() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the models, with how many clients can serve each now",
		Long: `List all models that a client supplies, those included that no client can serve now.

RECOVERY is when the first of the clients that are out comes back by itself.`,
		Example: `  rollcall models --redis redis://localhost:6379
  rollcall models --server http://127.0.0.1:8420 --output json`,
		Args: noArguments,
	}
	return f.about(cmd, func(ctx context.Context, from source, _ []string) (answer, error) {
		models, err := from.Models(ctx)
		list := struct {
			Models []registry.ModelStatus `json:"models"`
		}{orNone(models)}
		return answer{list, []table{modelsTable(models)}}, err
	})
}

func modelsTable(models []registry.ModelStatus) table {
	t := table{
		columns: []string{"model", "clients", "available", "cooling", "suspended", "providers", "recovery"},
		empty:   "No client supplies a model.",
	}
	for _, m := range models {
		names := make([]string, len(m.Providers))
		for i, p := range m.Providers {
			names[i] = p.Provider
		}
		t.rows = append(t.rows, row(m.ModelID, m.Clients, availableCell(m.StateCounts), number(m.Cooling, waiting),
			number(m.Suspended, bad), orDash(strings.Join(names, ", ")), until(m.Recovery)))
	}
	return t
}

// orNone makes an empty list of none, which JSON would tell apart.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
