package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newQuotaClear() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "clear CLIENT MODEL",
		Short: "Lift the quota mark of a model of a client",
		Long: `Lift the quota mark of a model of a client, whoever set it; "*" means the one on the client as a whole. Where there is
none nothing changes; a client that nobody holds is an error. Where the other of the two, that on the model or on the
client as a whole, keeps it out, the answer says so.`,
		Example: `  rollcall quota clear northwind-claude-key claude-sonnet-4-5`,
	}
	return f.pairLift(cmd, lift{
		verb: "quota clear", state: "cooling",
		part: func(mark registry.ClientMark) *registry.MarkPart { return mark.Quota },
		do: func(ctx context.Context, in source, client, model string) (outcome, error) {
			return in.ClearQuota(ctx, client, model)
		},
	})
}
