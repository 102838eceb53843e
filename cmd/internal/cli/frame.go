package cli

import (
	"github.com/spf13/cobra"
)

// frame is what the verbs share: the flags that say where the registry is and how answers are written. A verb has only
// those of them that mean something for it, so that no flag is taken and ignored.
type frame struct {
	form       form
	connection connection
}

// show writes an answer to the standard output of a verb in the form that was asked for.
func (f *frame) show(cmd *cobra.Command, found answer) error {
	out := cmd.OutOrStdout()
	return f.form.write(out, found, wantsColour(out))
}
