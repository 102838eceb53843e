package store

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// connection limits: a Redis that does not answer must not hold a caller longer than these.
const (
	dialTimeout  = time.Second
	poolTimeout  = 500 * time.Millisecond
	replyTimeout = 2 * time.Second // above any OperationTimeout's share; the context cuts earlier
)

// dial makes the two clients of a store from one URL: one for commands, one of its own for the feed, whose blocked
// reads must not take connections from writers. tlsConfig nil means the system's roots.
func dial(rawURL string, tlsConfig *tls.Config) (commands, feed redis.UniversalClient, err error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return nil, nil, &InvalidError{"redis URL", "must start with redis://, rediss://, unix://, redis+cluster:// or redis+sentinel://"}
	}
	base, kind, _ := strings.Cut(scheme, "+")
	if base != "redis" && base != "rediss" && scheme != "unix" {
		return nil, nil, &InvalidError{"redis URL", fmt.Sprintf("has unknown scheme %q; known are redis, rediss, unix, redis+cluster, redis+sentinel, rediss+cluster and rediss+sentinel", scheme)}
	}
	if tlsConfig != nil && base != "rediss" {
		return nil, nil, &InvalidError{"redis URL", fmt.Sprintf("is %s://, which is without TLS, although Options.TLS is set; must start with rediss", scheme)}
	}
	if err := checkAddresses(rawURL); err != nil {
		return nil, nil, err
	}
	plain := base + "://" + rest
	switch kind {
	case "":
		options, err := redis.ParseURL(plain)
		if err != nil {
			return nil, nil, urlError(rawURL, err)
		}
		setLimits(&options.MaxRetries, &options.DialerRetries, &options.ContextTimeoutEnabled, &options.DialTimeout,
			&options.PoolTimeout, &options.ReadTimeout, &options.WriteTimeout)
		setTLS(&options.TLSConfig, tlsConfig)
		options.Dialer = failFast(options.Dialer, options)
		options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		commands = redis.NewClient(options)
	case "cluster":
		options, err := redis.ParseClusterURL(plain)
		if err != nil {
			return nil, nil, urlError(rawURL, err)
		}
		if options.ReadOnly || options.RouteByLatency || options.RouteRandomly {
			return nil, nil, errReplicaReads
		}
		setLimits(&options.MaxRetries, &options.DialerRetries, &options.ContextTimeoutEnabled, &options.DialTimeout,
			&options.PoolTimeout, &options.ReadTimeout, &options.WriteTimeout)
		setTLS(&options.TLSConfig, tlsConfig)
		// With the library's minute between reloads a killed node would be missed for as long.
		options.ClusterStateReloadInterval = time.Second
		options.Dialer = failFast(options.Dialer, &redis.Options{DialTimeout: options.DialTimeout, TLSConfig: options.TLSConfig})
		options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		commands = redis.NewClusterClient(options)
	case "sentinel":
		options, err := redis.ParseFailoverURL(plain)
		if err != nil {
			return nil, nil, urlError(rawURL, err)
		}
		if options.MasterName == "" {
			return nil, nil, &InvalidError{"redis URL",
				"needs ?master_name=, the name under which the sentinels know the primary"}
		}
		if options.ReplicaOnly || options.RouteByLatency || options.RouteRandomly {
			return nil, nil, errReplicaReads
		}
		setLimits(&options.MaxRetries, &options.DialerRetries, &options.ContextTimeoutEnabled, &options.DialTimeout,
			&options.PoolTimeout, &options.ReadTimeout, &options.WriteTimeout)
		setTLS(&options.TLSConfig, tlsConfig)
		options.Dialer = failFast(options.Dialer, &redis.Options{DialTimeout: options.DialTimeout, TLSConfig: options.TLSConfig})
		commands = redis.NewFailoverClient(options)
		feedOptions := *options
		feedOptions.PoolSize = feedPoolSize
		return commands, redis.NewFailoverClient(&feedOptions), nil
	default:
		return nil, nil, &InvalidError{"redis URL",
			fmt.Sprintf("has unknown kind %q; known are cluster and sentinel", kind)}
	}
	feed, err = alike(commands, feedPoolSize)
	return commands, feed, err
}

var errReplicaReads = &InvalidError{"redis URL", "must not route reads to replicas: they lag behind"}

// setLimits leaves repeating to the store, which repeats under the operation's name, and gives every step of a call a
// limit. Times that the URL states stay.
func setLimits(retries, dialRetries *int, byContext *bool, dial, pool, read, write *time.Duration) {
	*retries, *dialRetries, *byContext = -1, 1, true
	for _, limit := range []struct {
		setting *time.Duration
		value   time.Duration
	}{{dial, dialTimeout}, {pool, poolTimeout}, {read, replyTimeout}, {write, replyTimeout}} {
		if *limit.setting == 0 {
			*limit.setting = limit.value
		}
	}
}

// setTLS replaces the settings of a URL that asks for TLS.
func setTLS(setting **tls.Config, given *tls.Config) {
	if *setting != nil && given != nil {
		*setting = given.Clone()
	}
}

const feedPoolSize = 2

// alike makes a client after the model of another, within our limits. poolSize 0 keeps that of the other.
func alike(model redis.UniversalClient, poolSize int) (redis.UniversalClient, error) {
	switch client := model.(type) {
	case *redis.Client:
		options := *client.Options()
		if poolSize > 0 {
			options.PoolSize, options.MinIdleConns, options.MaxIdleConns, options.MaxActiveConns = poolSize, 0, 0, 0
		}
		setLimits(&options.MaxRetries, &options.DialerRetries, &options.ContextTimeoutEnabled, &options.DialTimeout,
			&options.PoolTimeout, &options.ReadTimeout, &options.WriteTimeout)
		options.Dialer = failFast(options.Dialer, &options)
		options.PushNotificationProcessor = nil // the model's own, not to be shared
		options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		return redis.NewClient(&options), nil
	case *redis.ClusterClient:
		options := *client.Options()
		if poolSize > 0 {
			options.PoolSize, options.MinIdleConns, options.MaxIdleConns, options.MaxActiveConns = poolSize, 0, 0, 0
		}
		setLimits(&options.MaxRetries, &options.DialerRetries, &options.ContextTimeoutEnabled, &options.DialTimeout,
			&options.PoolTimeout, &options.ReadTimeout, &options.WriteTimeout)
		options.Dialer = failFast(options.Dialer, &redis.Options{DialTimeout: options.DialTimeout, TLSConfig: options.TLSConfig})
		options.ReadOnly, options.RouteByLatency, options.RouteRandomly = false, false, false
		options.ClusterStateReloadInterval = min(options.ClusterStateReloadInterval, time.Second)
		options.PushNotificationProcessor = nil
		options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
		return redis.NewClusterClient(&options), nil
	}
	return nil, &InvalidError{"client", fmt.Sprintf("is a %T; must be a *redis.Client or a *redis.ClusterClient", model)}
}
