package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// imported is a document of export as import reads it: moments are text in it.
type imported struct {
	Clients []importedClient `json:"clients"`
}

type importedClient struct {
	ClientID string                `json:"client"`
	Provider string                `json:"provider"`
	Models   []*registry.ModelInfo `json:"models"`
	Marks    []importedMark        `json:"marks"`
}

type importedMark struct {
	ModelID    string        `json:"model"`
	Quota      *importedPart `json:"quota"`
	Suspension *importedPart `json:"suspension"`
}

type importedPart struct {
	Reason string `json:"reason"`
	Source string `json:"source"`
	Since  string `json:"since"`
	Until  string `json:"until"`
	SetBy  string `json:"set_by"`

	until time.Time
}

// importDone is what import answers.
type importDone struct {
	Clients    int `json:"clients"`
	Configured int `json:"configured"` // clients that are the daemon's own already
	Marks      int `json:"marks"`
	Over       int `json:"marks_over"` // those whose time had passed
	// Pending says that something of it waits at the daemon; see outcome.
	Pending bool `json:"pending,omitempty"`
}

func newImport() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Have a daemon hold the clients of an exported document, and set their marks",
		Long: `Have a daemon hold the clients of a document that export wrote, in JSON or YAML, and set their marks; - is the standard
input. Clients of the daemon's own config file stay as they are, and get their marks. Marks whose time is over are left
out. The document is checked first; where a client or a mark is refused later, those before it stay, and the same import
again goes on.`,
		Example: `  rollcall import rollcall.json --server http://127.0.0.1:8420`,
		Args:    arguments(1, "FILE"),
	}
	return f.throughDaemon(cmd, func(ctx context.Context, in *viaDaemon, args []string) (answer, error) {
		var document imported
		if err := readDocument(cmd.InOrStdin(), args[0], "", &document); err != nil {
			return answer{}, err
		}
		if err := document.check(args[0]); err != nil {
			return answer{}, err
		}
		done, err := document.write(ctx, in)
		return answer{done, told(done.Pending, table{rows: [][]cell{
			row("clients", done.Clients), row("in its config file", done.Configured), row("marks", done.Marks), row("marks over", done.Over),
		}})}, err
	})
}

// check reads the moments, and refuses what could not be written.
func (d *imported) check(file string) error {
	for i, c := range d.Clients {
		if c.ClientID == "" {
			return usage("%s: clients[%d].client is missing", file, i)
		}
		for j, m := range c.Marks {
			for name, part := range map[string]*importedPart{"quota": m.Quota, "suspension": m.Suspension} {
				if part == nil || part.Until == "" {
					continue
				}
				var err error
				if part.until, err = time.Parse(time.RFC3339, part.Until); err != nil {
					return usage("%s: clients[%d].marks[%d].%s.until is %q; must be a moment such as 2026-01-31T12:00:00Z",
						file, i, j, name, part.Until)
				}
			}
		}
	}
	return nil
}

// write registers the clients and sets their marks.
func (d *imported) write(ctx context.Context, in *viaDaemon) (importDone, error) {
	var done importDone
	for _, c := range d.Clients {
		did, err := in.Register(ctx, c.ClientID, c.Provider, c.Models)
		done.Pending = done.Pending || did.Pending
		switch {
		case errors.Is(err, errConflict):
			done.Configured++
		case err != nil:
			return done, refusedInside(fmt.Errorf("client %q: %w", c.ClientID, err))
		default:
			done.Clients++
		}
		for _, m := range c.Marks {
			if err := m.write(ctx, in, c.ClientID, &done); err != nil {
				return done, refusedInside(fmt.Errorf("mark of client %q and model %q: %w", c.ClientID, m.ModelID, err))
			}
		}
	}
	return done, nil
}

// refusedInside is the error of a document of which the first part is in: that is more than wrong usage, which changes
// nothing.
func refusedInside(err error) error {
	var misuse *usageError
	if !errors.As(err, &misuse) {
		return err
	}
	return &hinted{errors.New(err.Error()), "mend it in the document and import that again; what stands before it is in"}
}

func (m importedMark) write(ctx context.Context, in *viaDaemon, client string, done *importDone) error {
	if q := m.Quota; q.lasts(done) {
		did, err := in.SetQuota(ctx, client, m.ModelID, registry.QuotaLimit{Until: q.until, Source: registry.QuotaSource(q.Source), Reason: q.Reason})
		if err != nil {
			return err
		}
		done.set(did)
	}
	if s := m.Suspension; s.lasts(done) {
		did, err := in.Suspend(ctx, client, m.ModelID, s.Reason, s.until)
		if err != nil {
			return err
		}
		done.set(did)
	}
	return nil
}

// set counts a mark that was set.
func (d *importDone) set(did outcome) {
	d.Marks++
	d.Pending = d.Pending || did.Pending
}

// lasts says whether there is a part, which is not over; one that is over is counted.
func (p *importedPart) lasts(done *importDone) bool {
	if p != nil && !p.until.IsZero() && !p.until.After(time.Now()) {
		done.Over++
		return false
	}
	return p != nil
}
