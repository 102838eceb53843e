package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

// verified is what verify answers.
type verified struct {
	store.Verification
	Repaired store.Repaired     `json:"repaired,omitempty"`           // how; the rest is of afterwards
	Mended   []store.Difference `json:"mended_differences,omitempty"` // those that there were before
}

func newVerify() *cobra.Command {
	var f frame
	var repair bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Recompute what Redis counts, and compare",
		Long: `Recompute, from clients, lists of models and marks, all numbers that Redis keeps beside them, and list each that
differs, and each record that cannot be read. Replicas may go on writing. The exit code is 1 where something differs.

With --repair: while replicas live a new epoch begins, and they bring back all that they know; marks that wait for the
return of a client are gone then, and so is the history before it. Where no replica lives the numbers are computed anew,
and nothing is lost but what cannot be read.`,
		Example: `  rollcall verify --repair`,
		Args:    noArguments,
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "mend what differs")
	cmd = f.atRedis(cmd, askLimit, func(ctx context.Context, at *store.Store, _ []string) (*answer, error) {
		v, err := at.Verify(ctx)
		if errors.Is(err, store.ErrEmpty) {
			return nil, &hinted{err, "rollcall namespace list lists those that are there"}
		}
		if err != nil {
			return nil, err
		}
		result := verified{Verification: v}
		if repair && len(v.Differences) > 0 {
			if result.Repaired, err = at.Repair(ctx); errors.Is(err, store.ErrBroken) {
				err = &hinted{err, "start a replica, such as rollcall serve: it begins a new epoch"}
			}
			if err != nil {
				return verifyAnswer(result), fmt.Errorf("repair: %w", err)
			}
			result.Mended = v.Differences
			if result.Verification, err = at.Verify(ctx); err != nil {
				return nil, fmt.Errorf("after the repair: %w", err)
			}
		}
		if n := len(result.Differences); n > 0 {
			err = fmt.Errorf("%d differences", n)
			if n == 1 {
				err = errors.New("1 difference")
			}
			err = &hinted{err, "rollcall verify --repair; its help says what that costs"}
		}
		return verifyAnswer(result), err
	})
	return confirmed(cmd, func([]string) string {
		if !repair {
			return ""
		}
		return "Mend what differs? While replicas live, the history and all marks that wait for a client are lost."
	})
}

func verifyAnswer(v verified) *answer {
	about := table{rows: [][]cell{
		row("clients", v.Clients), row("models", v.Models), row("marks", v.Marks), row("replicas", v.Replicas),
		row("revision", int(v.Position.Revision)),
	}}
	switch v.Repaired {
	case store.RepairedByEpoch:
		about.rows = append(about.rows, row("repaired", cell{"a new epoch began, and the replicas brought back what they know", good}))
	case store.RepairedByRecount:
		about.rows = append(about.rows, row("repaired", cell{"the numbers were computed anew", good}))
	}
	tables := []table{about}
	if len(v.Mended) > 0 {
		tables = append(tables, differencesTable("Mended:", v.Mended))
	}
	return &answer{v, append(tables, differencesTable("", v.Differences))}
}

func differencesTable(title string, all []store.Difference) table {
	t := table{title: title, columns: []string{"key", "field", "stored", "expected"}, empty: "All numbers are right."}
	for _, d := range all {
		t.rows = append(t.rows, row(d.Key, d.Field, cell{d.Stored, bad}, d.Recomputed))
	}
	return t
}
