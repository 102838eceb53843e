package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

func newHistory() *cobra.Command {
	var f frame
	var limit int
	var since time.Duration
	cmd := &cobra.Command{
		Use:   "history [CLIENT [MODEL]]",
		Short: "What changed, when, and by whom",
		Long: `What changed in the registry, newest first: all of it, or what concerns a client, or one of its models.

It is read from the feed in Redis, which keeps about the last 100,000 changes of the present epoch. A new
epoch begins when data were lost, and with verify --repair while replicas live.`,
		Example: `  rollcall history --limit 20
  rollcall history northwind-claude-key claude-sonnet-4-5 --since 24h`,
		Args: arguments(0, "CLIENT", "MODEL"),
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many changes to tell, the newest; 0 means all")
	cmd.Flags().DurationVar(&since, "since", 0, "tell what is not older than this, such as 90m or 24h; 0 means all")
	return f.atRedis(cmd, askLimit, func(ctx context.Context, at *store.Store, args []string) (*answer, error) {
		if limit < 0 || since < 0 {
			return nil, usage("--limit and --since must not be negative")
		}
		q := store.HistoryQuery{Limit: limit}
		if len(args) > 0 {
			q.Client = args[0]
		}
		if len(args) > 1 {
			q.Model = args[1]
		}
		if since > 0 {
			if _, err := at.Head(ctx); err == nil { // tells Redis' time
				q.Since = at.Clock().Now().Add(-since)
			} else {
				q.Since = time.Now().Add(-since)
			}
		}
		h, err := at.History(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(h.Changes) == 0 {
			if head, err := at.Trace(ctx); err == nil && head == (store.Position{}) {
				return &answer{h, historyTables(h)}, errNoNamespace
			}
		}
		return &answer{h, historyTables(h)}, nil
	})
}

func historyTables(h store.History) []table {
	t := table{columns: []string{"time", "revision", "by", "client", "model", "what"}, empty: "Nothing changed that was asked for."}
	for _, c := range h.Changes {
		by := c.Replica
		if c.Actor != "" {
			by = c.Actor + " via " + c.Replica
		}
		t.rows = append(t.rows, row(c.Time, int(c.Position.Revision), by, orDash(c.Client), orDash(c.Model), c.What))
	}
	tables := []table{t}
	if h.Trimmed {
		tables = append(tables, table{empty: "Older changes are no longer in the feed."})
	}
	if n := len(h.Changes); n > 0 && h.Changes[n-1].Kind == store.KindEpoch && h.Changes[n-1].Position.Revision > 1 {
		tables = append(tables, table{empty: "What was before that epoch is not in the feed any more."})
	}
	return tables
}
