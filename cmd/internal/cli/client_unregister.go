package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newClientUnregister() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "unregister CLIENT",
		Short: "Have a daemon give up a client that was registered through one",
		Long: `Have a daemon give up a client that was registered through one. It is an eviction without a question: the client goes for
everybody, and comes back when somebody registers it.`,
		Example: `  rollcall client unregister northwind-openai-key --server http://127.0.0.1:8420`,
		Args:    arguments(1, "CLIENT"),
	}
	return f.throughDaemon(cmd, func(ctx context.Context, in *viaDaemon, args []string) (answer, error) {
		if _, err := in.Client(ctx, args[0]); err != nil {
			return answer{}, about(err, args[0], "")
		}
		did, err := in.Evict(ctx, args[0])
		return written{ClientID: args[0], outcome: did}.said("The client " + args[0] + " is given up."), err
	})
}
