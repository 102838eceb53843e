package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// frame is what the verbs share: the flags that say where the registry is and how answers are written. A verb has only
// those of them that mean something for it, so that no flag is taken and ignored.
type frame struct {
	form       form
	connection connection
}

// about is a verb that asks a registry, in whichever way it is reached, and writes the answer.
func (f *frame) about(cmd *cobra.Command, ask func(ctx context.Context, from source, args []string) (answer, error)) *cobra.Command {
	f.connection.redisFlags(cmd)
	f.connection.serverFlags(cmd)
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		from, err := f.connection.open(cmd)
		if err != nil {
			return err
		}
		found, err := ask(cmd.Context(), from, args)
		// A write that waits ends with the connection, so its answer comes after that.
		if err := errors.Join(err, from.Close()); err != nil {
			return err
		}
		return f.show(cmd, found)
	}
	return cmd
}

// show writes an answer to the standard output of a verb in the form that was asked for.
func (f *frame) show(cmd *cobra.Command, found answer) error {
	out := cmd.OutOrStdout()
	return f.form.write(out, found, wantsColour(out))
}
