package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

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
