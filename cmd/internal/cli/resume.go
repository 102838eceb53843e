package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newResume() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "resume CLIENT MODEL",
		Short: "End the suspension of a model of a client",
		Long: `End the suspension of a model of a client, whoever set it; "*" means the one on the client as a whole. A quota mark stays:
see quota clear. Where there is none nothing changes; a client that nobody holds is an error. Where the other of the two,
that on the model or on the client as a whole, keeps it out, the answer says so.`,
		Example: `  rollcall resume northwind-claude-key claude-sonnet-4-5`,
	}
	return f.pairLift(cmd, lift{
		verb: "resume", state: "suspended",
		part: func(mark registry.ClientMark) *registry.MarkPart { return mark.Suspension },
		do: func(ctx context.Context, in source, client, model string) (outcome, error) {
			return in.Resume(ctx, client, model)
		},
	})
}
