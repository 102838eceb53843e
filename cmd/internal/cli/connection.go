package cli

import (
	"errors"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// connection is where a verb finds the registry: a Redis, at which it looks as an observer, or a daemon. The flags of
// both exclude each other; a flag counts more than the environment, and there ROLLCALL_SERVER more than the URL of a
// Redis.
type connection struct {
	redis, namespace, ca, cert, key string
}

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

// redisSettings returns the settings of the way to a Redis: from the flags and the environment, as serve takes them, and
// from no file. A URL is always there.
func (c *connection) redisSettings(cmd *cobra.Command) (*config.Config, error) {
	given := map[string]string{}
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
	text := "give --redis or set REDIS_URL"
	if cmd.Flags().Lookup("server") != nil {
		text = "give --redis or --server, or set REDIS_URL or ROLLCALL_SERVER"
	}
	return text
}
