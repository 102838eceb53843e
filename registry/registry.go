// Package registry is the shared registry of the models that an LLM proxy can serve.
//
// A proxy that runs as several replicas opens one registry in each, on the same Redis and namespace. A replica registers
// the upstream credentials it holds, its clients, and the models each can serve; it marks a client's model as over
// quota or suspended when an upstream says so. Every replica sees all of that milliseconds later:
//
//	r, err := registry.Open(ctx, "redis://localhost:6379", registry.Options{})
//	err = r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}})
//	err = r.SetModelQuotaExceeded(ctx, "key-1", "gpt-5")
//	r.GetModelCount("gpt-5") // 0, here and on every other replica
//
// Reads come from a View in this process' memory, which follows the feed of changes in Redis: they need no context,
// return no network errors, never wait, and go on while Redis is away. Health tells how old the view may be. Writes are
// atomic scripts in Redis; when one returns, this replica's view shows it. Position, WaitFor and Sync carry that over
// to other replicas.
//
// All methods may be called by several goroutines at once.
package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rollcall-dev/rollcall/store"
)

// Position is a point in the history of a namespace. It is comparable and has a text form; see store.Position.
type Position = store.Position

// ModelRegistry is one replica of the registry.
type ModelRegistry struct {
	*View

	options Options
	store   *store.Store
	opened  time.Time
	feed    *store.Feed // the follower's
	arrived arrivals
	health  healthRecord
	stats   stats
	closed  atomic.Bool
	healing atomic.Bool // clients of an earlier epoch remain in the view
	owing   atomic.Bool // this replica's clients are still to be brought into the epoch
	// replays is there from the first replay of a waiting write until the view was read anew, and closed then.
	replays atomic.Pointer[chan struct{}]
	still   bool       // own writes do not show themselves while the view is made anew; under showing
	showing sync.Mutex // held while a waiting write comes into the view, or all of them into a new one
	stop    context.CancelFunc
	stopped <-chan struct{} // closed by stop
	running sync.WaitGroup
	ending  bool // nothing may be added to running any more; under the view's mu
	once    sync.Once
	closing error

	heart      heart
	holdings   holdings
	pending    pending
	awaited    awaited
	remains    remains                    // the follower's
	left       Position                   // the follower's: where the view was when the epoch changed
	owed       map[string]store.Assertion // the follower's: what it knew then of this replica's clients, by client
	lastResync time.Time                  // the follower's
	headAsked  time.Time                  // the follower's: when the head was asked for that was heard last
	drainAt    Position                   // the follower's: a head that the view must reach before pending writes go out
	polled     bool                       // the follower's: the feed was polled when that was logged last
	notices    notices
}

// Open opens the registry in the Redis behind a URL: redis://, rediss://, unix://, redis+cluster://h1:p1?addr=h2:p2, or
// redis+sentinel://h:26379?master_name=m&addr=h2:p2, and rediss+cluster:// and rediss+sentinel://. It returns when the
// view shows everything that was acknowledged before the call.
//
// A bad URL or option is an ErrInvalid that names it. ErrUnavailable when Redis does not answer, ErrSchema and
// ErrUnsafeServer when it cannot be used. No error repeats a password.
func Open(ctx context.Context, redisURL string, opts Options) (*ModelRegistry, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(redisURL, store.Options{Namespace: opts.Namespace, Replica: opts.ReplicaID, TLS: opts.TLS})
	if err != nil {
		return nil, err
	}
	return open(ctx, s, opts)
}

// New opens the registry with the settings of a client: address, credentials, TLS, dialer, pool. It must be a
// *redis.Client or *redis.ClusterClient. The registry makes connections of its own, since it needs its own limits and
// must repeat by itself; the client is neither used nor closed. Otherwise like Open.
func New(ctx context.Context, client redis.UniversalClient, opts Options) (*ModelRegistry, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s, err := store.New(client, store.Options{Namespace: opts.Namespace, Replica: opts.ReplicaID, TLS: opts.TLS})
	if err != nil {
		return nil, err
	}
	return open(ctx, s, opts)
}

// openTimeout limits Open where the context does not: a large namespace takes seconds to read.
const openTimeout = 30 * time.Second

func open(ctx context.Context, s *store.Store, opts Options) (*ModelRegistry, error) {
	holder := opts.ReplicaID
	if opts.Observer {
		holder = ""
	}
	r := &ModelRegistry{View: newView(s.Clock(), holder), options: opts, store: s, opened: time.Now()}
	r.holdings.init()
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	err := r.start(ctx)
	if err != nil && opts.StartDegraded && errors.Is(err, ErrUnavailable) {
		r.failed(err)
		err = nil
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open registry: %w", err), s.Close())
	}
	var background context.Context
	background, r.stop = context.WithCancel(context.Background())
	r.stopped = background.Done()
	r.running.Go(func() { r.follow(background) })
	r.running.Go(func() { r.watchClock(background) })
	if !opts.Observer {
		r.running.Go(func() { r.keepLease(background) })
		r.running.Go(func() { r.releaseStrays(background) })
	}
	if opts.Hook != nil {
		r.running.Go(func() { r.callHook(background) })
	}
	return r, nil
}

// start connects, joins, and fills the view.
func (r *ModelRegistry) start(ctx context.Context) error {
	limited, cancel := r.limit(ctx)
	err := r.store.CheckConnection(limited)
	cancel()
	if err != nil {
		return err
	}
	limited, cancel = r.limit(ctx)
	warnings, err := r.store.Inspect(limited)
	cancel()
	if len(warnings) > 0 && r.notices.settings.begin() { // a start that fails is repeated
		for _, warning := range warnings {
			r.options.Logger.Warn("rollcall: " + warning)
		}
	}
	if err != nil {
		return err
	}
	if err := r.store.ProbeFeed(ctx); err != nil {
		return err
	}
	err = r.recover(ctx)
	r.lastResync = time.Time{} // what is found broken first is mended at once
	return err
}

// limit bounds one call to Redis.
func (r *ModelRegistry) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, r.options.OperationTimeout)
}
