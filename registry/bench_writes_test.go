package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// stopwatch reads Redis' own time for the calls of one script.
type stopwatch struct {
	client redis.UniversalClient
	hash   string
}

func (s *stopwatch) start(b *testing.B, script *redis.Script) {
	b.Helper()
	s.hash = script.Hash()
	benchOK(b, script.Load(b.Context(), s.client).Err())
	benchOK(b, s.client.Do(b.Context(), "CONFIG", "RESETSTAT").Err())
	benchOK(b, s.client.Do(b.Context(), "SLOWLOG", "RESET").Err())
}

// stop reports the mean over all script calls since start, which INFO commandstats keeps, and from the slow log the
// median and the 10th percentile of the watched script's, which depend less on what else runs on the machine.
func (s *stopwatch) stop(b *testing.B) {
	b.Helper()
	info, err := s.client.Info(b.Context(), "commandstats").Result()
	benchOK(b, err)
	var calls, us float64
	for line := range strings.Lines(info) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_evalsha:"); ok {
			_, err := fmt.Sscanf(rest, "calls=%f,usec=%f", &calls, &us)
			benchOK(b, err)
		}
	}
	log, err := s.client.SlowLogGet(b.Context(), -1).Result()
	benchOK(b, err)
	var took []time.Duration
	for _, entry := range log {
		if len(entry.Args) > 1 && strings.EqualFold(entry.Args[0], "evalsha") && entry.Args[1] == s.hash {
			took = append(took, entry.Duration)
		}
	}
	b.ReportMetric(us/max(calls, 1), "redis-us/op")
	b.ReportMetric(quantile(took, 0.5), "redis-p50-us")
	b.ReportMetric(quantile(took, 0.1), "redis-p10-us")
}

// BenchmarkWrites measures Redis' own time for each kind of write, in a namespace of 1,000 clients with 50 of 200
// models, and the time of the whole call. The yardstick is a script of 25 lookups and an XADD.
func BenchmarkWrites(b *testing.B) {
	w := sharedWorld(1000, 8)
	s, ns := benchRedis(b), redistest.Namespace(b)
	r := benchReplica(b, s, ns, "a")
	w.register(b, r)
	watch := &stopwatch{client: s.Client(b)}
	b.Run("yardstick", func(b *testing.B) { benchmarkBareScript(b, watch, "{"+ns+"}yardstick") })
	benchmarkRegistrations(b, watch, w, r)
	benchmarkMarks(b, watch, w, r)
	b.Run("head", watched(watch, "head", nil, func(ctx context.Context, _ int) error { return r.Sync(ctx) }))
	benchmarkHeartbeat(b, watch, s, ns)
}

// step is one call of a benchmark; i goes on through all its runs, so that each meets what it has not met before.
type step func(ctx context.Context, i int) error

// watched makes a benchmark of a step that calls a verb; prepare, if not nil, is done for each beforehand.
func watched(watch *stopwatch, verb string, prepare, write step) func(b *testing.B) {
	made := 0
	return func(b *testing.B) {
		for i := range b.N {
			if prepare != nil {
				benchOK(b, prepare(b.Context(), made+i))
			}
		}
		watch.start(b, redis.NewScript(scripts.Source(verb)))
		b.ResetTimer()
		for i := range b.N {
			benchOK(b, write(b.Context(), made+i))
		}
		b.StopTimer()
		watch.stop(b)
		made += b.N
	}
}

func benchmarkBareScript(b *testing.B, watch *stopwatch, key string) {
	bare := redis.NewScript(`
for i = 1, 25 do redis.call('HGET', KEYS[1], 'field') end
return redis.call('XADD', KEYS[1] .. 's', 'MAXLEN', '~', 100000, '*', 'field', ARGV[1])`)
	benchOK(b, watch.client.HSet(b.Context(), key, "field", "value").Err())
	watch.start(b, bare)
	b.ResetTimer()
	for range b.N {
		benchOK(b, bare.Run(b.Context(), watch.client, []string{key}, "some payload").Err())
	}
	b.StopTimer()
	watch.stop(b)
}

func benchmarkRegistrations(b *testing.B, watch *stopwatch, w world, r *registry.ModelRegistry) {
	register := func(name string) step {
		return func(ctx context.Context, i int) error {
			return r.RegisterClient(ctx, fmt.Sprintf("%s-%d", name, i), "openai", w.catalog(i))
		}
	}
	own := uniqueWorld(20_000).catalogs
	// Of the models of each catalog 5 give way to others.
	changed := make([][]*registry.ModelInfo, len(w.catalogs))
	for c, list := range w.catalogs {
		changed[c] = slices.Concat(list[:clientModels-5], w.catalogs[(c+len(w.catalogs)/2)%len(w.catalogs)][:5])
	}

	b.Run("register-new", watched(watch, "register", nil, register("new")))
	b.Run("register-new-catalog", watched(watch, "register", nil, func(ctx context.Context, i int) error {
		return r.RegisterClient(ctx, fmt.Sprintf("own-%d", i), "openai", own[i%len(own)])
	}))
	b.Run("register-identical", watched(watch, "register", nil, func(ctx context.Context, i int) error {
		return r.RegisterClient(ctx, w.client(i), w.provider(i), w.catalog(i))
	}))
	b.Run("register-changed", watched(watch, "register", register("changing"), func(ctx context.Context, i int) error {
		return r.RegisterClient(ctx, fmt.Sprintf("changing-%d", i), "openai", changed[i%len(changed)])
	}))
	b.Run("unregister", watched(watch, "unregister", register("going"), func(ctx context.Context, i int) error {
		return r.UnregisterClient(ctx, fmt.Sprintf("going-%d", i))
	}))
}

func benchmarkMarks(b *testing.B, watch *stopwatch, w world, r *registry.ModelRegistry) {
	pairs := func(do func(ctx context.Context, client, model string) error) step {
		return func(ctx context.Context, i int) error {
			client, model := w.pair(i % w.pairs())
			return do(ctx, client, model)
		}
	}
	quota := pairs(r.SetModelQuotaExceeded)
	suspend := pairs(func(ctx context.Context, client, model string) error {
		return r.SuspendClientModel(ctx, client, model, "payment required")
	})
	b.Run("quota", watched(watch, "quota", nil, quota))
	b.Run("quota-again", watched(watch, "quota", quota, quota))
	b.Run("clear", watched(watch, "clear", quota, pairs(r.ClearModelQuotaExceeded)))
	b.Run("suspend", watched(watch, "suspend", nil, suspend))
	b.Run("resume", watched(watch, "resume", suspend, pairs(r.ResumeClientModel)))
}

func benchmarkHeartbeat(b *testing.B, watch *stopwatch, s *redistest.Server, ns string) {
	direct, err := store.New(s.Client(b), store.Options{Namespace: ns, Replica: "direct"})
	benchOK(b, err)
	defer direct.Close()
	const lease = time.Hour
	_, err = direct.Join(b.Context(), lease, "{}", time.Time{})
	benchOK(b, err)
	b.Run("heartbeat", watched(watch, "heartbeat", nil, func(ctx context.Context, _ int) error {
		_, _, err := direct.Heartbeat(ctx, lease)
		return err
	}))
}
