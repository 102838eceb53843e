package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

func newNamespaceDrop() *cobra.Command {
	var f frame
	var force bool
	cmd := &cobra.Command{
		Use:   "drop NAME",
		Short: "Remove a namespace with all that is in it",
		Long: `Remove a namespace with all its keys. It is refused while replicas of it live; with --force those bring their clients
into an empty namespace again, without what only Redis knew.`,
		Example: `  rollcall namespace drop trial`,
		Args:    arguments(1, "NAME"),
	}
	cmd.Flags().BoolVar(&force, "force", false, "also while replicas live")
	cmd = f.atRedis(cmd, askLimit, func(ctx context.Context, at *store.Store, args []string) (*answer, error) {
		keys, err := at.Drop(ctx, force)
		switch {
		case errors.Is(err, store.ErrLive):
			return nil, &hinted{err, "stop them first, or give --force"}
		case errors.Is(err, store.ErrEmpty):
			return nil, &hinted{fmt.Errorf("there is no namespace %q", args[0]), "rollcall namespace list lists those that are there"}
		case err != nil:
			return nil, err
		}
		result := struct {
			Namespace string `json:"namespace"`
			Keys      int    `json:"keys"`
		}{args[0], keys}
		return &answer{result, []table{{empty: fmt.Sprintf("Namespace %s is gone, with its %d keys.", args[0], keys)}}}, nil
	})
	f.connection.hide(cmd, "namespace")
	ask := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("namespace") {
			return usage("--namespace and NAME say the same; give NAME alone")
		}
		// As if it had been given: it is checked in the same way.
		if err := cmd.Flags().Set("namespace", args[0]); err != nil {
			return err
		}
		return ask(cmd, args)
	}
	return confirmed(cmd, func(args []string) string { return "Remove the namespace " + args[0] + " and all that is in it?" })
}
