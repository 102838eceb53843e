package cli

import (
	"github.com/spf13/cobra"
)

func newNamespace() *cobra.Command {
	return group("namespace", "List the registries in a Redis, or drop one", newNamespaceList(), newNamespaceDrop())
}
