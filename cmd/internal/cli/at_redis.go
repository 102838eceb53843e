package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/store"
)

// question is what a verb asks of a store. An error beside an answer says that what was found is not good.
type question func(ctx context.Context, at *store.Store, args []string) (*answer, error)

// atRedis is a verb that looks at a Redis itself, whether or not a daemon serves: it asks the store and writes the
// answer, and the error beside it. limit is how long it may take.
func (f *frame) atRedis(cmd *cobra.Command, limit time.Duration, ask question) *cobra.Command {
	f.connection.redisFlags(cmd)
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		at, err := f.connection.openStore(cmd)
		if err != nil {
			return err
		}
		found, err := askWithin(cmd.Context(), limit, at, args, ask)
		err = errors.Join(err, at.Close())
		if found != nil {
			err = errors.Join(f.show(cmd, *found), err)
		}
		return err
	}
	return cmd
}

// connectLimit is how long a Redis may take to answer at all.
const connectLimit = 3 * time.Second

func askWithin(ctx context.Context, limit time.Duration, at *store.Store, args []string, ask question) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// A store goes on trying for all of its time; a person wants to hear at once that nobody answers.
	connecting, connected := context.WithTimeout(ctx, connectLimit)
	err := at.CheckConnection(connecting)
	connected()
	if err != nil {
		return nil, err
	}
	return ask(ctx, at, args)
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

// arguments refuses more or fewer arguments than a verb has, and empty ones; names are those of all.
func arguments(least int, names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return &usageError{fmt.Errorf("%s is missing", names[len(args)])}
		}
		if len(args) > len(names) {
			return &usageError{fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		if i := slices.Index(args, ""); i >= 0 {
			return &usageError{fmt.Errorf("%s is empty", names[i])}
		}
		return nil
	}
}
