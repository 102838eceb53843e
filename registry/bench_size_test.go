package registry_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// BenchmarkSize tells what 2,000 clients that share a catalog of 50 models take in Redis, key by key; the sum leaves
// out the feed and the set of operations, whose size goes with the traffic.
func BenchmarkSize(b *testing.B) {
	s, ns := benchRedis(b), redistest.Namespace(b)
	w := sharedWorld(2000, 1)
	w.register(b, benchReplica(b, s, ns, "a"))
	client := s.Client(b)
	prefix := "rollcall:{" + ns + "}:"
	for b.Loop() {
		keys, err := client.Keys(b.Context(), prefix+"*").Result()
		benchOK(b, err)
		var sum int64
		for _, key := range keys {
			bytes, err := client.MemoryUsage(b.Context(), key, 0).Result()
			benchOK(b, err)
			name := strings.TrimPrefix(key, prefix)
			b.ReportMetric(float64(bytes), name+"-B")
			if name != "feed" && name != "ops" {
				sum += bytes
			}
		}
		b.ReportMetric(float64(sum), "sum-B")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStart opens a registry on a namespace of 10,000 clients with 50 models each and 40 catalogs, until its view
// is complete. It tells the longest call of that in Redis, how many took over 5 ms, and what the view takes in memory.
func BenchmarkStart(b *testing.B) {
	s, ns := benchRedis(b), redistest.Namespace(b)
	w := sharedWorld(10_000, 40)
	w.register(b, benchReplica(b, s, ns, "a"))
	client := s.Client(b)
	benchOK(b, client.Do(b.Context(), "SLOWLOG", "RESET").Err())
	var took []time.Duration
	var memory uint64
	for i := 0; b.Loop(); i++ {
		before := heapInUse()
		start := time.Now()
		r, err := registry.New(b.Context(), client, benchOptions(ns, fmt.Sprintf("new-%d", i)))
		benchOK(b, err)
		took = append(took, time.Since(start))
		memory = heapInUse() - before
		if n := r.GetModelCount(w.models[0].ID); n == 0 {
			b.Fatal("the view is not complete")
		}
		benchOK(b, r.Close())
	}
	log, err := client.SlowLogGet(b.Context(), -1).Result()
	benchOK(b, err)
	reportSlowest(b, log)
	b.ReportMetric(quantile(took, 0.5)/1000, "ready-p50-ms")
	b.ReportMetric(quantile(took, 1)/1000, "ready-max-ms")
	b.ReportMetric(float64(memory)/(1<<20), "view-MiB")
	b.ReportMetric(0, "ns/op")
}

// reportSlowest tells the longest call, how many took over 5 ms, and the longest median of a kind of call, which a
// moment in which the machine did something else does not move.
func reportSlowest(b *testing.B, log []redis.SlowLog) {
	b.Helper()
	kinds := make(map[string][]time.Duration)
	var longest redis.SlowLog
	over := 0
	for _, entry := range log {
		kind := strings.ToLower(entry.Args[0])
		if kind == "slowlog" {
			continue
		}
		if strings.HasPrefix(kind, "eval") || kind == "hscan" || kind == "hmget" {
			kind += " " + entry.Args[1]
		}
		kinds[kind] = append(kinds[kind], entry.Duration)
		if entry.Duration > longest.Duration {
			longest = entry
		}
		if entry.Duration > 5*time.Millisecond {
			over++
		}
	}
	slowest, median := "", 0.0
	for kind, durations := range kinds {
		if m := quantile(durations, 0.5); m > median {
			slowest, median = kind, m
		}
	}
	b.ReportMetric(float64(longest.Duration.Microseconds()), "longest-call-us")
	b.ReportMetric(float64(over), "calls-over-5ms")
	b.ReportMetric(median, "slowest-kind-p50-us")
	b.Logf("longest call: %v, %.100q; slowest kind: %s", longest.Duration, longest.Args, slowest)
}

// heapInUse is what is in use of the heap now.
func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
