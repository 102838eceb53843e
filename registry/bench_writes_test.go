package registry_test

import (
	"context"
	"fmt"
	"os"
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

// watched is a server's option that makes it keep the time of every call.
var watched = redistest.Options{Config: append([]string{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000000"}, strings.Fields(os.Getenv("XCONF"))...)}

func (s *stopwatch) start(b *testing.B, verb string) {
	b.Helper()
	s.hash = redis.NewScript(scripts.Source(verb)).Hash()
	benchOK(b, s.client.Do(b.Context(), "CONFIG", "RESETSTAT").Err())
	benchOK(b, s.client.Do(b.Context(), "SLOWLOG", "RESET").Err())
}

// stop reports the mean over all script calls since start, which INFO commandstats keeps, and median and 99th
// percentile of the watched script's, from the slow log: they hardly depend on what else runs on the machine.
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
	b.ReportMetric(quantile(took, 0.99), "redis-p99-us")
	b.ReportMetric(quantile(took, 0.1), "redis-p10-us")
	b.ReportMetric(quantile(took, 0), "redis-min-us")
}

// BenchmarkWrites measures Redis' own time for each kind of write, in a namespace of 1,000 clients with 50 of 200
// models, and the time of the whole call.
func BenchmarkWrites(b *testing.B) {
	w := sharedWorld(1000, 8)
	s, ns := redistest.Redis(b, watched), redistest.Namespace(b)
	r := benchReplica(b, s, ns, "a")
	w.register(b, r)
	direct, err := store.New(s.Client(b), store.Options{Namespace: ns, Replica: "direct"})
	benchOK(b, err)
	b.Cleanup(func() { benchOK(b, direct.Close()) })
	_, err = direct.Join(b.Context(), time.Hour, "{}", time.Time{})
	benchOK(b, err)
	watch := &stopwatch{client: s.Client(b)}

	run := func(name, verb string, prepare, write func(ctx context.Context, i int) error) {
		made := 0 // goes on through all runs, so that every one meets what it has not met before
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				if prepare != nil {
					benchOK(b, prepare(b.Context(), made+i))
				}
			}
			b.ResetTimer()
			watch.start(b, verb)
			for i := range b.N {
				benchOK(b, write(b.Context(), made+i))
			}
			b.StopTimer()
			watch.stop(b)
			made += b.N
		})
	}
	add := func(ctx context.Context, name string, list []*registry.ModelInfo) error {
		return r.RegisterClient(ctx, name, "openai", list)
	}
	changed := [][]*registry.ModelInfo{slices.Concat(w.catalogs[0][:45], w.catalogs[4][:5]), w.catalogs[0]}
	unique := uniqueWorld(20_000).catalogs

	bare := redis.NewScript(`
for i = 1, 25 do redis.call('HGET', KEYS[1], 'field') end
return redis.call('XADD', KEYS[1] .. 's', '*', 'a', ARGV[1])`)
	b.Run("yardstick", func(b *testing.B) {
		key := "{" + ns + "}yardstick"
		benchOK(b, watch.client.HSet(b.Context(), key, "field", "value").Err())
		watch.start(b, "head")
		watch.hash = bare.Hash()
		for range b.N {
			benchOK(b, bare.Run(b.Context(), watch.client, []string{key}, "some payload").Err())
		}
		watch.stop(b)
	})
	run("register-new", "register", nil, func(ctx context.Context, i int) error {
		return add(ctx, fmt.Sprintf("new-%d", i), w.catalog(i))
	})
	run("register-new-catalog", "register", nil, func(ctx context.Context, i int) error {
		return add(ctx, fmt.Sprintf("own-%d", i), unique[i%len(unique)])
	})
	run("register-identical", "register", nil, func(ctx context.Context, i int) error {
		return r.RegisterClient(ctx, w.client(i), w.provider(i), w.catalog(i))
	})
	run("register-changed", "register", nil, func(ctx context.Context, i int) error { // of 50 models 5 are others
		return r.RegisterClient(ctx, w.client(i%125*8), w.provider(0), changed[i/125%2])
	})
	pairs := func(do func(ctx context.Context, client, model string) error) func(ctx context.Context, i int) error {
		return func(ctx context.Context, i int) error {
			client, model := w.pair(i % w.pairs())
			return do(ctx, client, model)
		}
	}
	suspend := func(ctx context.Context, client, model string) error {
		return r.SuspendClientModel(ctx, client, model, "payment required")
	}
	run("quota", "quota", nil, pairs(r.SetModelQuotaExceeded))
	run("quota-again", "quota", nil, pairs(r.SetModelQuotaExceeded))
	run("clear", "clear", pairs(r.SetModelQuotaExceeded), pairs(r.ClearModelQuotaExceeded))
	run("suspend", "suspend", nil, pairs(suspend))
	run("resume", "resume", pairs(suspend), pairs(r.ResumeClientModel))
	run("unregister", "unregister",
		func(ctx context.Context, i int) error { return add(ctx, fmt.Sprintf("going-%d", i), w.catalog(i)) },
		func(ctx context.Context, i int) error { return r.UnregisterClient(ctx, fmt.Sprintf("going-%d", i)) })
	run("head", "head", nil, func(ctx context.Context, _ int) error { return r.Sync(ctx) })
	run("heartbeat", "heartbeat", nil, func(ctx context.Context, _ int) error {
		_, _, err := direct.Heartbeat(ctx, time.Hour)
		return err
	})
}
