package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

// atRedis is a verb that looks at a Redis itself, whether or not a daemon serves: it asks the store and writes the
// answer. An error beside an answer says that what was found is not good; both are told. limit is how long it may take.
func (f *frame) atRedis(cmd *cobra.Command, limit time.Duration,
	ask func(ctx context.Context, at *store.Store, args []string) (*answer, error)) *cobra.Command {
	f.connection.redisFlags(cmd)
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		at, err := f.connection.openStore(cmd)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), limit)
		defer cancel()
		found, err := ask(ctx, at, args)
		err = errors.Join(err, at.Close())
		if found != nil {
			err = errors.Join(f.show(cmd, *found), err)
		}
		return err
	}
	return cmd
}

// openStore opens the namespace in the Redis that flags and environment name. It does not connect yet.
func (c *connection) openStore(cmd *cobra.Command) (*store.Store, error) {
	settings, err := c.redisSettings(cmd)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := settings.TLS()
	if err != nil {
		return nil, err
	}
	return store.Open(settings.RedisURL, store.Options{Namespace: settings.Namespace, Replica: "command-line", TLS: tlsConfig})
}

// askLimit is how long a question may take that reads a whole namespace.
const askLimit = time.Minute

// arguments refuses more or fewer arguments than a verb has; names are those of all.
func arguments(least int, names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return &usageError{fmt.Errorf("%s is missing", names[len(args)])}
		}
		if len(args) > len(names) {
			return &usageError{fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		return nil
	}
}
