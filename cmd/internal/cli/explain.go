package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// explained is why a client can be used for a model or not.
type explained struct {
	ClientID string `json:"client"`
	ModelID  string `json:"model"`
	registry.ClientModelStatus
}

func newExplain() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "explain CLIENT MODEL",
		Short: "Say whether a client can be used for a model, why not, since when, until when, and who did that",
		Long: `Say whether a client can be used for a model, why not, since when, until when, and who did that.

The state is available, cooling (over quota: it comes back by itself), suspended (until resumed or a deadline), or
unregistered (no replica holds the client, or it does not supply the model).`,
		Example: `  rollcall explain northwind-claude-key claude-sonnet-4-5`,
		Args:    arguments(2, "CLIENT", "MODEL"),
	}
	return f.about(cmd, func(ctx context.Context, from source, args []string) (answer, error) {
		status, err := from.Explain(ctx, args[0], args[1])
		found := explained{args[0], args[1], status}
		return answer{found, []table{explainedTable(found)}}, err
	})
}

func explainedTable(e explained) table {
	t := table{rows: [][]cell{row("client", e.ClientID), row("model", e.ModelID), row("state", stateCell(e.State))}}
	if e.State == registry.StateAvailable || e.State == registry.StateUnregistered {
		return t
	}
	t.rows = append(t.rows, row("mark on", markOn(e.ClientModelStatus)), row("reason", orDash(e.Reason)))
	if e.Source != "" {
		t.rows = append(t.rows, row("source", string(e.Source)))
	}
	end := until(e.Until)
	if e.Until.IsZero() {
		end = cell{text: "somebody resumes it"}
	}
	t.rows = append(t.rows, row("since", e.Since), row("until", end), row("set by", orDash(e.SetBy)))
	return t
}
