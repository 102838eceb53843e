package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newQuotaClear() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "clear CLIENT MODEL",
		Short: "Lift the quota mark of a model of a client",
		Long: `Lift the quota mark of a model of a client, whoever set it; "*" means the one on the client as a whole. Where there is
none nothing changes; a client that nobody holds is an error.`,
		Example: `  rollcall quota clear northwind-claude-key claude-sonnet-4-5`,
	}
	return f.pairWrite(cmd, func(ctx context.Context, in source, client, model string) (outcome, error) {
		return in.ClearQuota(ctx, client, model)
	})
}
