package faults

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// work is what a Redis has done since it started, or between two moments.
type work struct{ commands, in, out, entries int }

// workOf reads it; feed is the key of the feed.
func workOf(b *testing.B, c redis.UniversalClient, feed string) (w work) {
	b.Helper()
	text, err := c.Info(b.Context(), "stats").Result()
	if err != nil {
		b.Fatal(err)
	}
	for name, field := range map[string]*int{
		"total_commands_processed:": &w.commands, "total_net_input_bytes:": &w.in, "total_net_output_bytes:": &w.out,
	} {
		_, rest, _ := strings.Cut(text, name)
		digits, _, _ := strings.Cut(rest, "\r")
		if *field, err = strconv.Atoi(digits); err != nil {
			b.Fatal(err)
		}
	}
	if last, err := c.XInfoStream(b.Context(), feed).Result(); err == nil {
		w.entries = int(last.Length)
	}
	return w
}

func (w work) report(b *testing.B, since work) {
	b.ReportMetric(float64(w.commands-since.commands)/float64(b.N), "commands/op")
	b.ReportMetric(float64(w.in-since.in)/float64(b.N), "bytes-in/op")
	b.ReportMetric(float64(w.out-since.out)/float64(b.N), "bytes-out/op")
	b.ReportMetric(float64(w.entries-since.entries), "entries/op")
	b.ReportMetric(0, "ns/op") // says nothing of its own
}

const benchClients = 1000

// benchReplicas opens replicas at once; each registers its part of the clients, or all.
func benchReplicas(b *testing.B, s *redistest.Server, ns string, n int, all bool) []*registry.ModelRegistry {
	b.Helper()
	replicas := make([]*registry.ModelRegistry, n)
	var starting sync.WaitGroup
	for i := range n {
		starting.Go(func() {
			r, err := registry.Open(b.Context(), s.URL(), registry.Options{
				Namespace: ns, ReplicaID: fmt.Sprintf("replica-%d", i), OperationTimeout: time.Minute, Logger: quiet("r"),
			})
			if err != nil {
				b.Error(err)
				return
			}
			replicas[i] = r
			for c := range benchClients {
				if !all && c%n != i {
					continue
				}
				v := variants[c%len(variants)]
				if err := r.RegisterClient(b.Context(), fmt.Sprintf("c%d", c), v.provider, infos(v)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	starting.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return replicas
}

// closeAll closes replicas. On a busy machine the holds of thousands of clients may outlast what Close waits.
func closeAll(b *testing.B, replicas []*registry.ModelRegistry) {
	b.Helper()
	for _, r := range replicas {
		if err := r.Close(); err != nil {
			b.Log(err)
		}
	}
}

// BenchmarkHeal flushes Redis under 8 replicas with 1,000 clients and reports what the heal costs Redis, and how long
// it takes from the flush, and from its discovery.
func BenchmarkHeal(b *testing.B) {
	s := redistest.Redis(b)
	c, ns := s.Admin(b), redistest.Namespace(b)
	replicas := benchReplicas(b, s, ns, 8, false)
	defer closeAll(b, replicas)
	feed := "rollcall:{" + ns + "}:feed"
	var since, after work
	var took, noticed time.Duration
	for b.Loop() {
		epoch := replicas[0].Position().Epoch
		before := workOf(b, c, feed)
		if err := c.FlushAll(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
		began, found := time.Now(), time.Time{}
		tick := time.NewTicker(5 * time.Millisecond)
		for healed := false; !healed; <-tick.C {
			healed = true
			for _, r := range replicas {
				h := r.Health()
				if found.IsZero() && (h.Stale || h.Position.Epoch != epoch) {
					found = time.Now()
				}
				at := h.Position
				healed = healed && at.Epoch != epoch && at == replicas[0].Position() && !h.Stale
			}
			healed = healed && replicas[0].GetModelCount("m-a")+replicas[0].GetModelCount("m-c") >= benchClients &&
				c.HLen(b.Context(), "rollcall:{"+ns+"}:clients").Val() == benchClients
			if time.Since(began) > patience {
				b.Fatal("it does not heal")
			}
		}
		tick.Stop()
		took += time.Since(began)
		noticed += found.Sub(began)
		now := workOf(b, c, feed)
		after.commands += now.commands - before.commands
		after.in += now.in - before.in
		after.out += now.out - before.out
		after.entries = now.entries
	}
	after.report(b, since)
	b.ReportMetric(float64(noticed.Milliseconds())/float64(b.N), "ms-to-detect/op")
	b.ReportMetric(float64((took-noticed).Milliseconds())/float64(b.N), "ms-to-heal/op")
}

// BenchmarkStartTogether starts 64 replicas at once, which all register the same 1,000 clients.
func BenchmarkStartTogether(b *testing.B) {
	s := redistest.Redis(b)
	c := s.Admin(b)
	var since, after work
	var took time.Duration
	first := workOf(b, c, "none")
	for b.Loop() {
		ns := redistest.Namespace(b)
		began := time.Now()
		replicas := benchReplicas(b, s, ns, 64, true)
		took += time.Since(began)
		after = workOf(b, c, "rollcall:{"+ns+"}:feed")
		b.StopTimer()
		closeAll(b, replicas)
		b.StartTimer()
	}
	since = first
	after.report(b, since)
	b.ReportMetric(took.Seconds()/float64(b.N), "s-to-start/op")
}
