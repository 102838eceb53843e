package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// wantsColour: only a terminal, and not where the environment asks for none.
func wantsColour(out io.Writer) bool {
	return isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// errDeclined ends a verb whose question was not answered with yes.
var errDeclined = errors.New("nothing was changed")

// confirmed gives a verb the flag --yes and asks a person at a terminal before it runs, unless the question is "". Where
// there is no terminal nobody can answer, and the verb runs.
func confirmed(cmd *cobra.Command, question func(args []string) string) *cobra.Command {
	var yes bool
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask; only a terminal is asked")
	checked := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if checked != nil {
			if err := checked(cmd, args); err != nil {
				return err
			}
		}
		text := question(args)
		if text == "" || yes || !isTerminal(cmd.InOrStdin()) {
			return nil
		}
		signal.Reset(os.Interrupt) // ctrl-C is an answer, too, and a read does not end with a context
		fmt.Fprintf(cmd.ErrOrStderr(), "%s [y/N] ", harmless(text))
		reply, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the reply: %w", err)
		}
		switch strings.ToLower(strings.TrimSpace(reply)) {
		case "y", "yes":
			return nil
		}
		return errDeclined
	}
	return cmd
}
