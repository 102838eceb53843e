package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newClientShow() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:     "show CLIENT",
		Short:   "Show one client with its models and marks",
		Long:    "Show one client with its models and marks. The mark of \"*\" is on the client as a whole.",
		Example: `  rollcall client show northwind-claude-key`,
		Args:    arguments(1, "CLIENT"),
	}
	return f.about(cmd, func(ctx context.Context, from source, args []string) (answer, error) {
		client, err := from.Client(ctx, args[0])
		if err != nil {
			return answer{}, about(err, args[0], "")
		}
		client.Holders, client.Models, client.Marks = orNone(client.Holders), orNone(client.Models), orNone(client.Marks)
		return answer{client, clientTables(client)}, nil
	})
}

func clientTables(c registry.ClientStatus) []table {
	tables := []table{{rows: [][]cell{
		row("client", c.ClientID), row("provider", orDash(c.Provider)), row("held by", strings.Join(c.Holders, ", ")),
		row("registered", c.RegisteredAt), row("models", strings.Join(c.Models, ", ")),
	}}}
	if len(c.Marks) == 0 {
		return tables
	}
	return append(tables, marksTable(c.Marks))
}

func marksTable(all []registry.ClientMark) table {
	marks := table{columns: []string{"model", "mark", "since", "until", "source", "set by", "reason"}}
	add := func(model, kind string, t tone, part *registry.MarkPart) {
		if part != nil {
			marks.rows = append(marks.rows, row(model, cell{kind, t}, part.Since, until(part.Until), orDash(string(part.Source)),
				orDash(part.SetBy), orDash(part.Reason)))
		}
	}
	for _, m := range all {
		add(m.ModelID, "quota", waiting, m.Quota)
		add(m.ModelID, "suspension", bad, m.Suspension)
	}
	return marks
}

// about says of which client and model an error is that speaks of none.
func about(err error, client, model string) error {
	if !errors.Is(err, registry.ErrNotRegistered) {
		return err
	}
	if model == "" || model == "*" {
		return &hinted{fmt.Errorf("no replica holds the client %q", client), "rollcall clients lists those that are held"}
	}
	return &hinted{
		fmt.Errorf("the client %q is not registered, or does not supply the model %q", client, model),
		"rollcall client show " + client + " lists its models",
	}
}
