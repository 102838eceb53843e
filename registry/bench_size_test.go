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
	s, ns := redistest.Redis(b), redistest.Namespace(b)
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
	s, ns := redistest.Redis(b, watched), redistest.Namespace(b)
	w := sharedWorld(10_000, 40)
	w.register(b, benchReplica(b, s, ns, "a"))
	client := s.Client(b)
	benchOK(b, client.Do(b.Context(), "SLOWLOG", "RESET").Err())
	var took []time.Duration
	var memory uint64
	for i := 0; b.Loop(); i++ {
		before := heap()
		start := time.Now()
		r, err := registry.New(b.Context(), client, benchOptions(ns, fmt.Sprintf("new-%d", i)))
		benchOK(b, err)
		took = append(took, time.Since(start))
		memory = heap() - before
		if n := r.GetModelCount(w.models[0].ID); n == 0 {
			b.Fatal("the view is not complete")
		}
		benchOK(b, r.Close())
	}
	log, err := client.SlowLogGet(b.Context(), -1).Result()
	benchOK(b, err)
	slowest, over := slow(log)
	b.ReportMetric(quantile(took, 0.5)/1000, "ready-p50-ms")
	b.ReportMetric(quantile(took, 1)/1000, "ready-max-ms")
	b.ReportMetric(float64(slowest.Duration.Microseconds()), "slowest-call-us")
	b.ReportMetric(float64(over), "calls-over-5ms")
	b.ReportMetric(float64(memory)/(1<<20), "view-MiB")
	b.ReportMetric(0, "ns/op")
	b.Logf("slowest call: %v, %.80q", slowest.Duration, slowest.Args)
}

// slow finds the longest call that is no wait for the feed, and counts those over 5 ms.
func slow(log []redis.SlowLog) (slowest redis.SlowLog, over int) {
	for _, entry := range log {
		if strings.EqualFold(entry.Args[0], "slowlog") {
			continue
		}
		if entry.Duration > slowest.Duration {
			slowest = entry
		}
		if entry.Duration > 5*time.Millisecond {
			over++
		}
	}
	return slowest, over
}

// heap is what is in use of the heap now.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
