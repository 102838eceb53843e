package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newReplicas() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:     "replicas",
		Short:   "List the replicas, with their leases and how many clients each holds",
		Example: `  rollcall replicas`,
		Args:    noArguments,
	}
	return f.about(cmd, func(ctx context.Context, from source, _ []string) (answer, error) {
		replicas, err := from.Replicas(ctx)
		list := struct {
			Replicas []registry.ReplicaStatus `json:"replicas"`
		}{orNone(replicas)}
		t := table{
			columns: []string{"replica", "state", "clients", "host", "pid", "version", "started", "lease until"},
			empty:   "No replica takes part.",
		}
		for _, r := range replicas {
			state := cell{"live", good}
			if !r.Live {
				state = cell{"lapsed", bad}
			}
			pid := orDash("")
			if r.PID != 0 {
				pid = cell{text: fmt.Sprint(r.PID)}
			}
			t.rows = append(t.rows, row(r.ReplicaID, state, r.Clients, orDash(r.Host), pid, orDash(r.Version), r.Started, r.LeaseUntil))
		}
		return answer{list, []table{t}}, err
	})
}
