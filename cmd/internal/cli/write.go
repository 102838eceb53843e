package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// written is what a verb answers that changed something.
type written struct {
	ClientID string `json:"client"`
	ModelID  string `json:"model,omitempty"`
	// Position is where in the history the registry is now; X-Rollcall-After of the HTTP API takes it.
	Position registry.Position `json:"position"`
	// Now is what holds for the pair now; not where the client as a whole is meant.
	Now *registry.ClientModelStatus `json:"now,omitempty"`
}

// pairWrite is a verb that changes the mark of a client and a model.
func (f *frame) pairWrite(cmd *cobra.Command, change func(ctx context.Context, in source, client, model string) (registry.Position, error)) *cobra.Command {
	cmd.Args = arguments(2, "CLIENT", "MODEL")
	f.connection.actorFlag(cmd)
	return f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		client, model := args[0], args[1]
		position, err := change(ctx, in, client, model)
		if err != nil {
			return answer{}, about(err, client, model)
		}
		done := written{ClientID: client, ModelID: model, Position: position}
		if model == "*" {
			return answer{done, []table{{rows: [][]cell{row("client", client), row("model", "all of them")}}}}, nil
		}
		now, err := in.Explain(ctx, client, model)
		if err != nil {
			return answer{}, fmt.Errorf("it is done; what holds now: %w", err)
		}
		done.Now = &now
		return answer{done, []table{explainedTable(explained{client, model, now})}}, nil
	})
}

// clientWrite is a verb that changes a client as a whole; did says afterwards what it did.
func (f *frame) clientWrite(cmd *cobra.Command, did string, change func(ctx context.Context, in source, client string) (registry.Position, error)) *cobra.Command {
	cmd.Args = arguments(1, "CLIENT")
	return f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		position, err := change(ctx, in, args[0])
		if err != nil {
			return answer{}, about(err, args[0], "")
		}
		return answer{written{ClientID: args[0], Position: position}, []table{{empty: harmless(fmt.Sprintf(did, args[0]))}}}, nil
	})
}

// momentFlag is a flag that takes a moment.
type momentFlag struct{ at *time.Time }

func (m momentFlag) Type() string { return "time" }

func (m momentFlag) String() string {
	if m.at == nil || m.at.IsZero() {
		return ""
	}
	return m.at.Format(time.RFC3339)
}

// Set takes a moment as RFC 3339 has it.
func (m momentFlag) Set(text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() {
		return fmt.Errorf("must be a moment such as 2026-01-31T12:00:00Z")
	}
	*m.at = at
	return nil
}
