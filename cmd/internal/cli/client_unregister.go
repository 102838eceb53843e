package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newClientUnregister() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "unregister CLIENT",
		Short: "Take back a client that was registered through a daemon",
		Long: `Take back a client that was registered through a daemon. It is an eviction: the client goes for everybody, and comes back
when somebody registers it.`,
		Example: `  rollcall client unregister contoso-openai-key --server http://127.0.0.1:8420`,
		Args:    arguments(1, "CLIENT"),
	}
	cmd = f.throughDaemon(cmd, func(ctx context.Context, in *viaDaemon, args []string) (answer, error) {
		if _, err := in.Client(ctx, args[0]); err != nil {
			return answer{}, about(err, args[0], "")
		}
		did, err := in.Evict(ctx, args[0])
		return written{ClientID: args[0], outcome: did}.said("The client " + args[0] + " is gone for all replicas."), err
	})
	return confirmed(cmd, func(args []string) string { return fmt.Sprintf("Remove the client %s for all replicas?", args[0]) })
}
