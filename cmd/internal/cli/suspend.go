package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func newSuspend() *cobra.Command {
	var f frame
	var reason string
	var end time.Time
	cmd := &cobra.Command{
		Use:   "suspend CLIENT MODEL --reason TEXT",
		Short: "Take a model of a client out of service for all replicas",
		Long: `Take a model of a client out of service for all replicas, until it is resumed or until a deadline; "*" means the client
as a whole. Where it is suspended already the first reason stays, unless the new suspension lasts longer.`,
		Example: `  rollcall suspend northwind-claude-key claude-sonnet-4-5 --reason "answers nonsense"
  rollcall suspend northwind-claude-key '*' --reason "key leaked" --yes`,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "for people to read; it must be given")
	cmd.Flags().Var(momentFlag{&end}, "until", "when it ends by itself, such as 2026-01-31T12:00:00Z (default: when it is resumed)")
	cmd = f.pairWrite(cmd, func(ctx context.Context, in source, client, model string) (outcome, error) {
		return in.Suspend(ctx, client, model, reason, end)
	}, nil)
	wanted := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := wanted(cmd, args); err != nil {
			return err
		}
		if reason == "" {
			return usage("--reason is missing; say why, for those who find it suspended")
		}
		return nil
	}
	return confirmed(cmd, func(args []string) string {
		if args[1] == "*" {
			return fmt.Sprintf("Suspend the client %s for all its models, for all replicas?", args[0])
		}
		return fmt.Sprintf("Suspend %s of the client %s, for all replicas?", args[1], args[0])
	})
}
