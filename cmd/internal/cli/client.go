package cli

import (
	"github.com/spf13/cobra"
)

func newClient() *cobra.Command {
	return group("client", "Look at one client, evict it, or have a daemon hold it",
		newClientShow(), newClientEvict(), newClientRegister(), newClientUnregister())
}

// group is a verb that consists of others.
func group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  knownVerb,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(verbs...)
	return cmd
}
