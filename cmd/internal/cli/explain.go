package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// explained is why a client can be used for a model or not.
type explained struct {
	ClientID string `json:"client"`
	ModelID  string `json:"model"`
	registry.ClientModelStatus
	// Why says, of what is unregistered, whether it is the client that is not there or only the model.
	Why string `json:"why,omitempty"`
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
		if err != nil {
			return answer{}, err
		}
		found := explained{ClientID: args[0], ModelID: args[1], ClientModelStatus: status}
		if status.State != registry.StateUnregistered {
			return answer{found, []table{explainedTable(found)}}, nil
		}
		_, err = from.Client(ctx, args[0])
		found.Why = "the client does not supply the model"
		try := "rollcall client show " + args[0] + " lists its models"
		if errors.Is(err, registry.ErrNotRegistered) {
			found.Why, try, err = "no replica holds the client", "rollcall clients lists those that are held", nil
		}
		return answer{found, append([]table{explainedTable(found)}, said("Try: %s", try)...)}, err
	})
}

func explainedTable(e explained) table {
	t := table{rows: [][]cell{row("client", e.ClientID), row("model", e.ModelID), row("state", stateCell(e.State))}}
	switch e.State {
	case registry.StateUnregistered:
		t.rows = append(t.rows, row("why", e.Why))
		return t
	case registry.StateAvailable:
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
