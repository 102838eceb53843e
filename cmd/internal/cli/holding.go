package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// errNoHolder: a verb that has somebody hold clients was to look at a Redis.
var errNoHolder = errors.New("somebody must hold a client while it is registered, so this goes through a daemon only: " +
	"give --server or set ROLLCALL_SERVER")

// throughDaemon is a verb that has a daemon hold clients.
func (f *frame) throughDaemon(cmd *cobra.Command, ask func(ctx context.Context, in *viaDaemon, args []string) (answer, error)) *cobra.Command {
	cmd = f.about(cmd, func(ctx context.Context, in source, args []string) (answer, error) {
		daemon, ok := in.(*viaDaemon)
		if !ok {
			return answer{}, &usageError{errNoHolder}
		}
		return ask(ctx, daemon, args)
	})
	c := &f.connection
	c.hide(cmd, redisFlags...) // they are there so that the error can say why they are refused
	cmd.Flags().Lookup("server").Usage = "`URL` of the daemon (default $ROLLCALL_SERVER)"
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		viaServer, err := f.connection.viaServer(cmd)
		if err == nil && !viaServer {
			err = &usageError{errNoHolder} // before a Redis is asked
		}
		return err
	}
	return cmd
}
