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

// pairWrite is a verb that changes the mark of a client and a model.
func (f *frame) pairWrite(cmd *cobra.Command, change func(ctx context.Context, in source, client, model string) (outcome, error)) *cobra.Command {
	cmd.Args = arguments(2, "CLIENT", "MODEL")
	f.connection.actorFlag(cmd)
	return f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		client, model := args[0], args[1]
		did, err := change(ctx, in, client, model)
		if err != nil {
			return answer{}, about(err, client, model)
		}
		done := written{ClientID: client, ModelID: model, outcome: did}
		if model == "*" {
			return done.wholeClient(ctx, in)
		}
		now, err := in.Explain(ctx, client, model)
		switch {
		case err != nil:
			return answer{}, fmt.Errorf("it is done; what holds now: %w", err)
		case now.State == registry.StateUnregistered:
			return answer{}, nothingThere(client, model)
		}
		done.Now = &now
		return done.answer(explainedTable(explained{client, model, now})), nil
	})
}

// wholeClient is the answer to a write about a client as a whole: with the mark that is on it now.
func (w written) wholeClient(ctx context.Context, in source) (answer, error) {
	now, err := in.Client(ctx, w.ClientID)
	switch {
	case errors.Is(err, registry.ErrNotRegistered):
		return answer{}, nothingThere(w.ClientID, w.ModelID)
	case err != nil:
		return answer{}, fmt.Errorf("it is done; what holds now: %w", err)
	}
	about := table{rows: [][]cell{row("client", w.ClientID), row("model", "all of them")}}
	for _, mark := range now.Marks {
		if mark.ModelID == "*" {
			w.Mark = &mark
			return w.answer(about, marksTable([]registry.ClientMark{mark})), nil
		}
	}
	about.rows = append(about.rows, row("mark", cell{"none", good}))
	return w.answer(about), nil
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
