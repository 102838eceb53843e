package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// exported is the document of export, which import takes.
type exported struct {
	Clients []*exportedClient `json:"clients"`
}

type exportedClient struct {
	ClientID string                `json:"client"`
	Provider string                `json:"provider"`
	Models   []*registry.ModelInfo `json:"models"`
	Marks    []registry.ClientMark `json:"marks"`
}

func newExport() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all clients with their models and marks as a document that import takes",
		Long: `Write all clients with their models and marks as one document, in JSON unless YAML is asked for, which import takes. It
is of one position. The table is a summary.`,
		Example: `  rollcall export > rollcall.json
  rollcall export --output yaml`,
		Args: noArguments,
	}
	cmd = f.about(cmd, func(ctx context.Context, from source, _ []string) (answer, error) {
		all, err := snapshot(ctx, from)
		t := table{columns: []string{"client", "provider", "models", "marks"}, empty: "No client is registered."}
		for _, c := range all.Clients {
			t.rows = append(t.rows, row(c.ClientID, orDash(c.Provider), len(c.Models), number(len(c.Marks), waiting)))
		}
		return answer{all, []table{t}}, err
	})
	f.form = formJSON
	cmd.Flags().Lookup("output").DefValue = string(formJSON)
	return cmd
}

// errTold ends a watch that has told all there is.
var errTold = errors.New("all is told")

// snapshotTries is how often a stream may be lost, or not be there again, before it has told all there is.
const snapshotTries = 5

// snapshot takes what a watch tells at first, which is of one position.
func snapshot(ctx context.Context, from source) (exported, error) {
	all := exported{Clients: []*exportedClient{}}
	byID := map[string]*exportedClient{}
	tries := 0
	lost := func(err error) error {
		clear(byID) // all is told again
		if tries++; tries == snapshotTries {
			return err
		}
		return nil
	}
	err := from.Watch(ctx, lost, func(event registry.Event) error {
		switch event.Kind {
		case registry.EventSynced:
			return errTold
		case registry.EventClient:
			c := &exportedClient{event.ClientID, event.Provider, orNone(event.Models), []registry.ClientMark{}}
			byID[c.ClientID] = c
		case registry.EventMark:
			if c := byID[event.ClientID]; c != nil {
				c.Marks = append(c.Marks, registry.ClientMark{ModelID: event.ModelID, Quota: event.Quota, Suspension: event.Suspension})
			}
		}
		return nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if !errors.Is(err, errTold) {
		return all, err
	}
	for _, c := range byID {
		all.Clients = append(all.Clients, c)
	}
	slices.SortFunc(all.Clients, func(a, b *exportedClient) int { return strings.Compare(a.ClientID, b.ClientID) })
	return all, nil
}
