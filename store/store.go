// Package store keeps one namespace of Rollcall in Redis.
//
// It knows keys, scripts, records, the feed and snapshots, and nothing of model formats: a catalog is opaque to it.
// Every change is one script, carried out at most once however often it is sent: the store names each operation and
// repeats it under that name until the caller's deadline, beyond which the script itself refuses to run. Every reply
// carries the server's time and the head of the feed.
//
// A reader starts from a Snapshot, whose entries are already applied up to Snapshot.Head, and goes on with a Feed from
// there. The feed hands out entries only in unbroken order; when history was lost or rewritten it says so with a
// *DivergedError, and the reader starts again from a snapshot.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rollcall-dev/rollcall/scripts"
)

// Options adjusts a store. Namespace and Replica must be plain names; the caller has checked them.
type Options struct {
	Namespace string
	Replica   string
	TLS       *tls.Config // for URLs that ask for TLS; nil means the system's roots
}

// Store is one namespace as one replica sees it. It is safe for concurrent use and owns no goroutine.
type Store struct {
	client  redis.UniversalClient
	feed    redis.UniversalClient
	keys    keys
	replica string
	// instance tells this process from another one under the same name
	instance string
	lease    atomic.Int64 // ms: what Join asked for last
	scripts  map[string]*redis.Script
	clock    *Clock
	stats    *stats
	blocking blockingReads
	closed   atomic.Bool
	underway underway
}

// Open makes a store from a URL: redis://, rediss://, unix://, redis+cluster://h1:p1?addr=h2:p2,
// redis+sentinel://h:26379?master_name=m&addr=h2:p2 and their rediss+ forms. It does not connect; the first call does.
// A bad URL is an *InvalidError that repeats no secret.
func Open(redisURL string, options Options) (*Store, error) {
	client, feed, err := dial(redisURL, options.TLS)
	if err != nil {
		return nil, err
	}
	return build(client, feed, options), nil
}

// New makes a store with clients of its own, made after the settings of one that stays the caller's. Accepted are
// *redis.Client and *redis.ClusterClient.
func New(client redis.UniversalClient, options Options) (*Store, error) {
	if options.TLS != nil {
		return nil, &InvalidError{"Options.TLS", "is set beside a client; the client's own settings of TLS are used"}
	}
	commands, err := alike(client, 0)
	if err != nil {
		return nil, err
	}
	feed, err := alike(client, feedPoolSize)
	if err != nil {
		return nil, errors.Join(err, commands.Close())
	}
	return build(commands, feed, options), nil
}

func build(client, feed redis.UniversalClient, options Options) *Store {
	return &Store{
		client: client, feed: feed, keys: newKeys(options.Namespace), replica: options.Replica,
		instance: randomText(8),
		scripts:  loadScripts(), clock: NewClock(),
		stats: newStats(scripts.Verbs()),
	}
}

// loadScripts returns the script of each verb. All stores share the map and only read it: hashing the sources takes a
// millisecond.
var loadScripts = sync.OnceValue(func() map[string]*redis.Script {
	all := make(map[string]*redis.Script)
	for _, verb := range scripts.Verbs() {
		all[verb] = redis.NewScript(scripts.Source(verb))
	}
	return all
})

// Clock is the server's clock as this store estimates it.
func (s *Store) Clock() *Clock { return s.clock }

// Close closes the store's connections; calls that wait for an answer end.
func (s *Store) Close() error {
	s.closed.Store(true)
	if err := errors.Join(s.feed.Close(), s.client.Close()); err != nil {
		return fmt.Errorf("close connections to redis: %w", err)
	}
	return nil
}

// budget is how long a call may take: the context's deadline, at most a minute.
func budget(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(time.Until(deadline), time.Minute)
	}
	return time.Minute
}
