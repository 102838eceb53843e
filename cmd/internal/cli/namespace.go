package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

func newNamespace() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "namespace",
		Short: "List the registries in a Redis, or drop one",
		Args:  knownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNamespaceList(), newNamespaceDrop())
	return cmd
}

func newNamespaceList() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the namespaces in this Redis",
		Long: `List the namespaces in this Redis, on a cluster those of all its nodes. It looks through all keys of the Redis, in
pages, for which its user needs the right to SCAN.`,
		Example: `  rollcall namespace list`,
		Args:    noArguments,
	}
	cmd = f.atRedis(cmd, askLimit, func(ctx context.Context, at *store.Store, _ []string) (*answer, error) {
		namespaces, err := at.Namespaces(ctx)
		if err != nil {
			return nil, err
		}
		t := table{
			columns: []string{"namespace", "clients", "replicas", "revision", "last seen"},
			empty:   "There is no namespace in this Redis.",
		}
		for _, one := range namespaces {
			replicas := cell{fmt.Sprint(one.Replicas), plain}
			if one.Replicas == 0 {
				replicas.tone = faint
			}
			t.rows = append(t.rows, row(one.Namespace, one.Clients, replicas, int(one.Position.Revision), one.LastSeen))
		}
		return &answer{namespaces, []table{t}}, nil
	})
	f.connection.hide(cmd, "namespace") // all are listed, whichever it names
	return cmd
}

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
			return nil, fmt.Errorf("%w: stop them first, or give --force", err)
		case errors.Is(err, store.ErrEmpty):
			return nil, fmt.Errorf("there is no namespace %q; see rollcall namespace list", args[0])
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
