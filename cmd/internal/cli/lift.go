package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

// lift is a verb that takes one part of marks away.
type lift struct {
	verb  string // its name
	state string // what a client is while there is such a part
	part  func(registry.ClientMark) *registry.MarkPart
	do    func(ctx context.Context, in source, client, model string) (outcome, error)
}

// pairLift is a pairWrite that lifts. A mark on the client as a whole and one on a model are lifted each by its own name,
// so it says where the other kind keeps the client out.
func (f *frame) pairLift(cmd *cobra.Command, l lift) *cobra.Command {
	return f.pairWrite(cmd, l.do, func(ctx context.Context, in source, w *written) ([]table, error) {
		now, err := in.Client(ctx, w.ClientID)
		if err != nil {
			return nil, err
		}
		for _, mark := range now.Marks {
			if other := (mark.ModelID == "*") != (w.ModelID == "*"); other && l.part(mark) != nil {
				w.Kept = append(w.Kept, mark.ModelID)
			}
		}
		return l.keptTables(*w), nil
	})
}

func (l lift) keptTables(w written) []table {
	switch {
	case len(w.Kept) == 0:
		return nil
	case w.ModelID != "*":
		return said("It is still %s, by a mark on the client as a whole: rollcall %s %s '*'", l.state, l.verb, w.ClientID)
	}
	return said("Still %s by marks of their own: %s (%s); rollcall %s %s MODEL", l.state, counted(len(w.Kept), "model"),
		few(w.Kept), l.verb, w.ClientID)
}

// said is a sentence in place of a table.
func said(format string, args ...any) []table {
	return []table{{empty: harmless(fmt.Sprintf(format, args...))}}
}

// few names a few of many, and counts the rest.
func few(names []string) string {
	const shown = 5
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
