package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// written is what a verb answers that changed something.
type written struct {
	ClientID string `json:"client"`
	ModelID  string `json:"model,omitempty"`
	outcome
	// Now is what holds for the pair now; not where the client as a whole is meant.
	Now *registry.ClientModelStatus `json:"now,omitempty"`
	// Mark is what is left on the client as a whole, where that is meant; nil for nothing.
	Mark *registry.ClientMark `json:"mark,omitempty"`
	// Kept is what keeps a mark of the kind that was lifted: "*" where that of a model was, and models where that of the
	// client as a whole was.
	Kept []string `json:"kept,omitempty"`
}

// answer is a write as it is answered, with what is to be told of it.
func (w written) answer(about ...table) answer { return answer{w, told(w.Pending, about...)} }

// told is what there is to say of a write, and that it waits where it does.
func told(pending bool, about ...table) []table {
	if !pending {
		return about
	}
	return append(about, table{empty: "It waits: the daemon has it, but Redis is away or slow, and other replicas may not know of it yet."})
}

// said is a write that is told in a sentence.
func (w written) said(sentence string) answer { return w.answer(table{empty: harmless(sentence)}) }

// change is a write about a client and a model.
type change func(ctx context.Context, in source, client, model string) (outcome, error)

// pairWrite is a verb that changes the mark of a client and a model. more, which may be nil, adds to the answer.
func (f *frame) pairWrite(cmd *cobra.Command, do change, more func(ctx context.Context, in source, w *written) ([]table, error)) *cobra.Command {
	cmd.Args = arguments(2, "CLIENT", "MODEL")
	f.connection.actorFlag(cmd)
	return f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		client, model := args[0], args[1]
		did, err := do(ctx, in, client, model)
		if err != nil {
			return answer{}, about(err, client, model)
		}
		done := written{ClientID: client, ModelID: model, outcome: did}
		tables, err := done.holds(ctx, in)
		if err == nil && more != nil {
			var added []table
			added, err = more(ctx, in, &done)
			tables = append(tables, added...)
		}
		switch {
		case errors.Is(err, registry.ErrNotRegistered):
			return answer{}, nothingThere(client, model)
		case err != nil:
			return answer{}, fmt.Errorf("it is done; what holds now: %w", err)
		}
		return done.answer(tables...), nil
	})
}

// holds asks what holds now for what was written about.
func (w *written) holds(ctx context.Context, in source) ([]table, error) {
	if w.ModelID == "*" {
		return w.wholeClient(ctx, in)
	}
	now, err := in.Explain(ctx, w.ClientID, w.ModelID)
	if err != nil {
		return nil, err
	}
	if now.State == registry.StateUnregistered {
		return nil, registry.ErrNotRegistered
	}
	w.Now = &now
	return []table{explainedTable(explained{ClientID: w.ClientID, ModelID: w.ModelID, ClientModelStatus: now})}, nil
}

// wholeClient asks which mark is on the client as a whole.
func (w *written) wholeClient(ctx context.Context, in source) ([]table, error) {
	now, err := in.Client(ctx, w.ClientID)
	if err != nil {
		return nil, err
	}
	about := table{rows: [][]cell{row("client", w.ClientID), row("model", "all of them")}}
	for _, mark := range now.Marks {
		if mark.ModelID == "*" {
			w.Mark = &mark
			return []table{about, marksTable([]registry.ClientMark{mark})}, nil
		}
	}
	about.rows = append(about.rows, row("mark", cell{"none", good}))
	return []table{about}, nil
}

// nothingThere is the error of a write that Redis took although the client is not there: more likely than not, the ID is
// a wrong one.
func nothingThere(client, model string) error {
	err := about(registry.ErrNotRegistered, client, model)
	var knows *hinted
	if errors.As(err, &knows) {
		knows.error = fmt.Errorf("%w; a mark that waited for its return is lifted", knows.error)
	}
	return err
}

// clientWrite is a verb that changes a client as a whole; text says afterwards what it did.
func (f *frame) clientWrite(cmd *cobra.Command, text string, change func(ctx context.Context, in source, client string) (outcome, error)) *cobra.Command {
	cmd.Args = arguments(1, "CLIENT")
	return f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		did, err := change(ctx, in, args[0])
		if err != nil {
			return answer{}, about(err, args[0], "")
		}
		return written{ClientID: args[0], outcome: did}.said(fmt.Sprintf(text, args[0])), nil
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
