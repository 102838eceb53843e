package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newModel() *cobra.Command {
	return group("model", "Look at one model", newModelShow())
}

// modelShown is one model with the state of each client that supplies it.
type modelShown struct {
	modelState
	ByClient []modelClient `json:"by_client"`
}

type modelClient struct {
	ClientID string `json:"client"`
	Provider string `json:"provider"`
	registry.ClientModelStatus
}

func newModelShow() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:     "show MODEL",
		Short:   "Show one model, and for each client whether it can be used and why not",
		Example: `  rollcall model show claude-sonnet-4-5`,
		Args:    arguments(1, "MODEL"),
	}
	return f.about(cmd, func(ctx context.Context, from source, args []string) (answer, error) {
		state, err := from.Model(ctx, args[0])
		if errors.Is(err, registry.ErrNotRegistered) {
			return answer{}, &hinted{fmt.Errorf("no client supplies the model %q", args[0]), "rollcall models lists those that are supplied"}
		}
		if err != nil {
			return answer{}, err
		}
		shown := modelShown{modelState: state, ByClient: []modelClient{}}
		clients, err := from.Clients(ctx)
		if err != nil {
			return answer{}, err
		}
		for _, client := range clients {
			if !slices.Contains(client.Models, args[0]) {
				continue
			}
			status, err := from.Explain(ctx, client.ClientID, args[0])
			if err != nil {
				return answer{}, err
			}
			shown.ByClient = append(shown.ByClient, modelClient{client.ClientID, client.Provider, status})
		}
		return answer{shown, modelTables(shown)}, nil
	})
}

func modelTables(m modelShown) []table {
	about := table{rows: [][]cell{row("model", m.ModelID)}}
	if m.Info != nil && m.Info.DisplayName != "" {
		about.rows = append(about.rows, row("name", m.Info.DisplayName))
	}
	about.rows = append(about.rows,
		row("clients", m.Clients), row("available", availableCell(m.StateCounts)),
		row("cooling", number(m.Cooling, waiting)), row("suspended", number(m.Suspended, bad)), row("recovery", until(m.Recovery)))
	clients := table{columns: []string{"client", "provider", "state", "mark on", "since", "until", "set by", "reason"}}
	for _, c := range m.ByClient {
		on := orDash("")
		if c.State != registry.StateAvailable {
			on = cell{text: markOn(c.ClientModelStatus)}
		}
		clients.rows = append(clients.rows, row(c.ClientID, orDash(c.Provider), stateCell(c.State), on, c.Since, until(c.Until),
			orDash(c.SetBy), orDash(c.Reason)))
	}
	return []table{about, clients}
}

// markOn says what the mark is on that keeps a client out for a model; a model's own does not keep it out for others.
func markOn(status registry.ClientModelStatus) string {
	if status.WholeClient {
		return "the client as a whole"
	}
	return "this model of the client"
}
