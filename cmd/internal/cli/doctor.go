package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

func newDoctor() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at all that a registry in this Redis depends on",
		Long: `Look at connection, version, eviction, memory, persistence, rights, latency, clock, data and leases. Each line is ok,
warn (it works, but not well) or fail (it does not work), with what to do. The exit code is 1 where one fails, and 3 where
Redis does not answer.`,
		Example: `  rollcall doctor --redis redis://localhost:6379`,
		Args:    noArguments,
	}
	return f.atStore(cmd, askLimit, func(ctx context.Context, at *store.Store, _ []string) (*answer, error) {
		if err := connect(ctx, at); err != nil {
			return doctorAnswer([]store.Finding{{
				Check: "connection", State: store.FindingFail, Found: err.Error(),
				Do: "see that Redis runs at that address and lets this machine and user in",
			}}), err
		}
		findings := at.Examine(ctx)
		var failed []string
		for _, one := range findings {
			if one.State == store.FindingFail {
				failed = append(failed, one.Check)
			}
		}
		if len(failed) > 0 {
			err := fmt.Errorf("not in order: %s", strings.Join(failed, ", "))
			return doctorAnswer(findings), &hinted{err, "what stands beside what fails, then rollcall doctor again"}
		}
		return doctorAnswer(findings), nil
	})
}

func doctorAnswer(findings []store.Finding) *answer {
	t := table{columns: []string{"check", "state", "found", "what to do"}}
	tones := map[string]tone{store.FindingOK: good, store.FindingWarn: waiting, store.FindingFail: bad}
	for _, one := range findings {
		t.rows = append(t.rows, row(one.Check, cell{one.State, tones[one.State]}, one.Found, orDash(one.Do)))
	}
	return &answer{findings, []table{t}}
}
