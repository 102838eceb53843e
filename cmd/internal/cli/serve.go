package cli

import (
	"errors"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/daemon"
)

func newServe() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a replica that serves the model lists over HTTP",
		Long: `Run a replica: register the clients of the config file, follow the registry, and serve its model lists over HTTP.

Without a Redis URL it runs on an embedded Redis, for this process only.

A setting is taken from the first of: its flag, the environment (ROLLCALL_ and its name in capitals, such as
ROLLCALL_LEASE_TTL; for the Redis URL also REDIS_URL, REDIS_CONN_STRING and REDIS_DSN), the config file, its default.`,
		Example: `  rollcall serve --config config.example.yaml
  REDIS_URL=redis://localhost:6379 rollcall serve --listen 127.0.0.1:8421`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, stated, err := config.LoadStated(config.Input{File: file, Flags: givenFlags(cmd)})
			if err != nil {
				return err
			}
			log := newLogger(settings, cmd.ErrOrStderr())
			redis.SetLogger(redisLog{log})
			err = daemon.Run(cmd.Context(), settings, log)
			var refused *config.Error
			if errors.As(err, &refused) && refused.Source == "" && stated[refused.Field] != "default" {
				refused.Source = stated[refused.Field]
			}
			return err
		},
	}
	settingFlags(cmd, &file)
	return cmd
}

// settingFlags gives a verb a flag for the config file and one for each setting.
func settingFlags(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "config `file` (default ./config.yaml where it exists)")
	for _, s := range config.Settings() {
		cmd.Flags().Var(&textFlag{text: s.Default, kind: s.Type}, s.Flag(), s.Usage)
	}
	cmd.Flags().SortFlags = false
}

// givenFlags returns the settings that stand on the command line, as text; config reads them.
func givenFlags(cmd *cobra.Command) map[string]string {
	given := map[string]string{}
	for _, s := range config.Settings() {
		if flag := cmd.Flags().Lookup(s.Flag()); flag.Changed {
			given[s.Key] = flag.Value.String()
		}
	}
	return given
}

// textFlag takes a flag as text: config reads all texts, wherever they come from, so that errors are of one kind.
type textFlag struct{ text, kind string }

func (f *textFlag) String() string { return f.text }
func (f *textFlag) Type() string   { return f.kind }

func (f *textFlag) Set(text string) error {
	f.text = text
	return nil
}
