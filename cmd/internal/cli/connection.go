package cli

import (
	"cmp"
	"errors"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// connection is where a verb finds the registry: a Redis, at which it looks as an observer, or a daemon. The flags of
// both exclude each other; a flag counts more than the environment, and there ROLLCALL_SERVER more than the URL of a
// Redis.
type connection struct {
	redis, namespace, ca, cert, key string
	server, token, tokenFile        string
	actor                           string
}

// The flags, by what they go with.
var (
	redisFlags  = []string{"redis", "namespace"}
	serverFlags = []string{"server", "token", "token-file"}
)

// redisKeys are the settings of serve that the flags for a Redis state.
var redisKeys = map[string]string{
	"redis": "redis_url", "namespace": "namespace",
	"tls-ca-file": "tls_ca_file", "tls-cert-file": "tls_cert_file", "tls-key-file": "tls_key_file",
}

// redisFlags gives a verb the flags of the way to a Redis.
func (c *connection) redisFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.redis, "redis", "", "`URL` of the Redis (default $ROLLCALL_REDIS_URL, $REDIS_URL, or as serve finds it)")
	flags.StringVar(&c.namespace, "namespace", "", "the registry's `name` inside that Redis (default \"default\")")
	flags.StringVar(&c.ca, "tls-ca-file", "", "PEM `file` of the authorities that may sign the server's certificate; empty means the system's")
	flags.StringVar(&c.cert, "tls-cert-file", "", "PEM `file` of the certificate to show to the server")
	flags.StringVar(&c.key, "tls-key-file", "", "PEM `file` of that certificate's private key")
}

// serverFlags gives a verb the flags of the way to a daemon.
func (c *connection) serverFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.server, "server", "", "`URL` of a daemon to ask in place of Redis (default $ROLLCALL_SERVER)")
	flags.StringVar(&c.token, "token", "", "token for the daemon (default $ROLLCALL_TOKEN); --token-file keeps it out of the list of processes")
	flags.StringVar(&c.tokenFile, "token-file", "", "`file` that holds the token for the daemon")
}

// hide leaves flags out of the help of a verb for which they mean nothing.
func (c *connection) hide(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		cmd.Flags().Lookup(name).Hidden = true
	}
}

// open connects as the flags of the verb and the environment say.
func (c *connection) open(cmd *cobra.Command) (source, error) {
	viaServer, err := c.viaServer(cmd)
	if err != nil {
		return nil, err
	}
	if viaServer {
		return c.openDaemon(cmd)
	}
	settings, err := c.redisSettings(cmd)
	if err != nil {
		return nil, err
	}
	return openObserver(cmd.Context(), settings, c.who(), newLogger(settings, cmd.ErrOrStderr()))
}

// viaServer decides between the two ways.
func (c *connection) viaServer(cmd *cobra.Command) (bool, error) {
	redis, server := firstGiven(cmd, redisFlags), firstGiven(cmd, serverFlags)
	switch {
	case redis != "" && server != "":
		return false, usage("--%s and --%s exclude each other: give the URL of a Redis or that of a daemon", redis, server)
	case redis != "":
		return false, nil
	case cmd.Flags().Changed("server") || os.Getenv("ROLLCALL_SERVER") != "":
		c.server = cmp.Or(c.server, os.Getenv("ROLLCALL_SERVER"))
		if c.server == "" {
			return false, usage("--server is empty; give the URL of a daemon, such as http://127.0.0.1:8420")
		}
		if cmd.Flags().Changed("actor") {
			return false, usage("--actor goes with --redis; through a daemon the actor is the name of the token")
		}
		return true, nil
	case server != "":
		return false, usage("--%s goes with --server, the URL of a daemon", server)
	}
	return false, nil
}

// firstGiven returns the first of the flags that stands on the command line; "" for none.
func firstGiven(cmd *cobra.Command, flags []string) string {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// redisSettings returns the settings of the way to a Redis: from the flags and the environment, as serve takes them, and
// from no file. A URL is always there.
func (c *connection) redisSettings(cmd *cobra.Command) (*config.Config, error) {
	given := map[string]string{"listen": config.Default().Listen} // nothing here does, whatever the environment says
	for flag, key := range redisKeys {
		if cmd.Flags().Changed(flag) {
			given[key] = cmd.Flags().Lookup(flag).Value.String()
		}
	}
	settings, err := config.Load(config.Input{NoFile: true, Flags: given})
	var refused *config.Error
	if errors.As(err, &refused) && refused.Source == "--redis-url" {
		refused.Source = "--redis" // as it is called here
	}
	if err != nil {
		return nil, err
	}
	if settings.RedisURL == "" {
		return nil, usage("it is not said where the registry is: %s", whereToLook(cmd))
	}
	if os.Getenv("ROLLCALL_LOG_LEVEL") == "" {
		settings.LogLevel = "warn"
	}
	redis.SetLogger(redisLog{newLogger(settings, cmd.ErrOrStderr())})
	return settings, nil
}

// whereToLook says what to give to a verb that does not know where the registry is.
func whereToLook(cmd *cobra.Command) string {
	text := "this verb looks at a Redis itself: give --redis or set REDIS_URL"
	if cmd.Flags().Lookup("server") != nil {
		text = "give --redis or --server, or set REDIS_URL or ROLLCALL_SERVER"
	}
	return text
}

// actorFlag gives a verb that writes the flag for who does it.
func (c *connection) actorFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.actor, "actor", "",
		"who does it, for those who read it later (default $USER@host); through a daemon it is the `name` of the token")
}

// who is the actor of writes: as --actor says, else the person and the host.
func (c *connection) who() string {
	if c.actor != "" {
		return c.actor
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return cmp.Or(strings.TrimSpace(os.Getenv("USER")), "unknown") + "@" + host
}
