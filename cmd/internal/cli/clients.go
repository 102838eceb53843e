package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newClients() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:     "clients",
		Short:   "List the clients, with who holds them and how many marks they have",
		Example: `  rollcall clients`,
		Args:    noArguments,
	}
	return f.about(cmd, func(ctx context.Context, from source, _ []string) (answer, error) {
		clients, err := from.Clients(ctx)
		list := struct {
			Clients []registry.ClientStatus `json:"clients"`
		}{orNone(clients)}
		t := table{
			columns: []string{"client", "provider", "models", "marks", "held by", "registered"},
			empty:   "No client is registered.",
		}
		for _, c := range clients {
			t.rows = append(t.rows, row(c.ClientID, orDash(c.Provider), len(c.Models), number(len(c.Marks), waiting),
				strings.Join(c.Holders, ", "), c.RegisteredAt))
		}
		return answer{list, []table{t}}, err
	})
}
