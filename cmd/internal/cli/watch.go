package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newWatch() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Tell what there is, and then each change as it comes",
		Long: `Tell what there is, then "synced", and then each change as it comes, a line each, until it is interrupted. It survives a
restart of Redis and of the daemon; through a daemon all there is is told again then.

With --output json each line is one JSON object, with --output yaml each event one document.`,
		Example: `  rollcall watch
  rollcall watch --output json | jq 'select(.kind == "mark")'`,
		Args: noArguments,
	}
	f.connection.redisFlags(cmd)
	f.connection.serverFlags(cmd)
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		from, err := f.connection.open(cmd)
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		coloured := wantsColour(out)
		synced := false
		lost := func(error) error {
			synced = false // what there is then is told again
			return nil
		}
		err = from.Watch(cmd.Context(), lost, func(event registry.Event) error {
			synced = synced || event.Kind == registry.EventSynced
			return f.form.writeEvent(out, event, synced, coloured)
		})
		if closed := from.Close(); err == nil && cmd.Context().Err() == nil {
			err = closed
		}
		return err
	}
	return cmd
}

// writeEvent writes one event as it comes.
func (f form) writeEvent(out io.Writer, event registry.Event, synced, coloured bool) error {
	var text []byte
	var err error
	switch f {
	case formJSON:
		if text, err = json.Marshal(event); err == nil {
			text = append(text, '\n')
		}
	case formYAML:
		if text, err = f.encode(event); err == nil {
			text = append([]byte("---\n"), text...)
		}
	default:
		text = eventLine(event, synced, coloured)
	}
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	_, err = out.Write(text)
	return err
}

// eventLine is an event for people: when it was heard, what it is about, and what holds now. What is told before "synced"
// was there already.
func eventLine(event registry.Event, synced, coloured bool) []byte {
	cells := row(time.Now())
	if !synced {
		cells = row(cell{fmt.Sprintf("%-*s", len(cells[0].text), "there already"), faint})
	}
	switch event.Kind {
	case registry.EventClient:
		cells = append(cells, row(event.ClientID, cell{"registered", good}, "provider "+event.Provider+": "+modelIDs(event.Models))...)
	case registry.EventClientGone:
		cells = append(cells, row(event.ClientID, cell{"gone", bad})...)
	case registry.EventMark:
		cells = append(cells, row(event.ClientID, event.ModelID)...)
		if event.Quota == nil && event.Suspension == nil {
			cells = append(cells, cell{"no mark", good})
		}
		if event.Quota != nil {
			cells = append(cells, row(cell{"over quota", waiting}, partText(event.Quota))...)
		}
		if event.Suspension != nil {
			cells = append(cells, row(cell{"suspended", bad}, partText(event.Suspension))...)
		}
	default:
		cells = append(cells, cell{string(event.Kind), faint})
	}
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = painted(harmless(c.text), colours[c.tone], coloured)
	}
	return []byte(strings.Join(parts, gap) + "\n")
}

func partText(part *registry.MarkPart) string {
	text := "until " + moment(part.Until).text
	if part.Until.IsZero() {
		text = "until resumed"
	}
	if part.SetBy != "" {
		text += ", set by " + part.SetBy
	}
	if part.Reason != "" {
		text += ": " + part.Reason
	}
	return text
}

// modelIDs names a few models, and counts the rest.
func modelIDs(models []*registry.ModelInfo) string {
	ids := make([]string, len(models))
	for i, m := range models {
		ids[i] = m.ID
	}
	return few(ids)
}
