package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newClientEvict() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "evict CLIENT",
		Short: "Remove a client for all replicas",
		Long: `Remove a client for all replicas: those that hold it drop it, and do not bring it back by themselves for 24 hours. One
that registers it anew brings it back, and a daemon that has it in its config file does when it starts. So to keep a
client out, suspend it, or take it out of the files first: an eviction takes its marks away, too.`,
		Example: `  rollcall client evict northwind-claude-key`,
	}
	f.connection.actorFlag(cmd)
	cmd = f.clientWrite(cmd, "The client %s is gone.", func(ctx context.Context, in source, client string) (outcome, error) {
		// An eviction of what is not there would be none, and is a wrong ID more likely than not.
		if _, err := in.Client(ctx, client); err != nil {
			return outcome{}, err
		}
		return in.Evict(ctx, client)
	})
	return confirmed(cmd, func(args []string) string { return fmt.Sprintf("Remove the client %s for all replicas?", args[0]) })
}
