package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/store"
)

// question is what a verb asks of a store. An error beside an answer says that what was found is not good.
type question func(ctx context.Context, at *store.Store, args []string) (*answer, error)

// errNoNamespace beside an answer: it is empty since nobody has begun the namespace, which is warned of and no failure.
var errNoNamespace = errors.New("there is no such namespace")

// atRedis is a verb that looks at a Redis itself, whether or not a daemon serves: it asks the store and writes the
// answer, and the error beside it. limit is how long it may take.
func (f *frame) atRedis(cmd *cobra.Command, limit time.Duration, ask question) *cobra.Command {
	return f.atStore(cmd, limit, func(ctx context.Context, at *store.Store, args []string) (*answer, error) {
		if err := connect(ctx, at); err != nil {
			return nil, err
		}
		return ask(ctx, at, args)
	})
}

// atStore is atRedis for a question that connects by itself.
func (f *frame) atStore(cmd *cobra.Command, limit time.Duration, ask question) *cobra.Command {
	f.connection.redisFlags(cmd)
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		settings, err := f.connection.redisSettings(cmd)
		if err != nil {
			return err
		}
		at, err := openStore(settings, "command-line")
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), limit)
		defer cancel()
		found, err := ask(ctx, at, args)
		if err == errNoNamespace {
			newLogger(settings, cmd.ErrOrStderr()).Warn(noNamespace(settings.Namespace))
			err = nil
		}
		err = errors.Join(located(settings, err), at.Close())
		if found != nil {
			err = errors.Join(f.show(cmd, *found), err)
		}
		return err
	}
	return cmd
}

// connectLimit is how long a Redis may take to answer at all.
const connectLimit = 3 * time.Second

// connect waits for a Redis to answer. A store goes on trying for all of its time; a person wants to hear at once that
// nobody answers.
func connect(ctx context.Context, at *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	return at.CheckConnection(ctx)
}

// openStore opens the namespace of the settings. It does not connect yet.
func openStore(settings *config.Config, replica string) (*store.Store, error) {
	tlsConfig, err := settings.TLS()
	if err != nil {
		return nil, err
	}
	at, err := store.Open(settings.RedisURL, store.Options{Namespace: settings.Namespace, Replica: replica, TLS: tlsConfig})
	return at, located(settings, err)
}

// located says at which Redis an error is. One that a verb has words for needs none, and what Redis refuses of the URL is
// a wrong setting.
func located(settings *config.Config, err error) error {
	if err == nil {
		return nil
	}
	address := store.MaskURL(settings.RedisURL)
	var misuse *usageError
	var knows *hinted
	var refused *store.InvalidError
	switch {
	case errors.As(err, &misuse), errors.As(err, &knows):
		return err
	case errors.As(err, &refused):
		return &config.Error{Field: "redis_url", Problem: fmt.Sprintf("%s: %s", address, refused.Problem)}
	}
	return fmt.Errorf("redis at %s: %w", address, err)
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
