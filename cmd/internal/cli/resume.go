package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newResume() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "resume CLIENT MODEL",
		Short: "End the suspension of a model of a client",
		Long: `End the suspension of a model of a client, whoever set it; "*" means the one on the client as a whole. A quota mark stays:
see quota clear. Where there is none nothing changes; a client that
nobody holds is an error.`,
		Example: `  rollcall resume northwind-claude-key claude-sonnet-4-5`,
	}
	return f.pairWrite(cmd, func(ctx context.Context, in source, client, model string) (outcome, error) {
		return in.Resume(ctx, client, model)
	})
}
