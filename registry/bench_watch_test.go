package registry_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// BenchmarkWatch measures, in a namespace of 1,000 clients with marks, what a mark costs the view that shows it while
// nobody watches, one does, and a hundred do; and what beginning to watch costs, of which the view stands still for
// "first" at most.
func BenchmarkWatch(b *testing.B) {
	w := sharedWorld(1000, 8)
	r := benchReplica(b, anyServer(b), redistest.Namespace(b), "a")
	w.register(b, r)
	w.mark(b, r)
	for _, watchers := range []int{0, 1, 100} {
		b.Run(fmt.Sprintf("mark-%d-watchers", watchers), func(b *testing.B) {
			var reading sync.WaitGroup
			var all []*registry.Watcher
			for range watchers {
				w, synced := r.Watch(b.Context()), make(chan struct{})
				all = append(all, w)
				reading.Go(func() {
					for e := range w.C() {
						if e.Kind == registry.EventSynced {
							close(synced)
						}
					}
				})
				<-synced
			}
			change := applyMarks(w, r)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				change(i)
			}
			for _, w := range all {
				w.Close()
			}
			reading.Wait()
		})
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			w := r.Watch(b.Context())
			b.StopTimer()
			w.Close()
			b.StartTimer()
		}
	})
}

// BenchmarkExpiry measures how late the end of a mark reaches a watcher.
func BenchmarkExpiry(b *testing.B) {
	const window = 20 * time.Millisecond
	s := anyServer(b)
	r, err := registry.New(b.Context(), s.Client(b), registry.Options{
		Namespace: redistest.Namespace(b), QuotaWindow: window, Logger: silence(),
	})
	benchOK(b, err)
	defer r.Close()
	benchOK(b, r.RegisterClient(b.Context(), "c", "p", named("m")))
	w := r.Watch(b.Context())
	defer w.Close()
	for e := range w.C() {
		if e.Kind == registry.EventSynced {
			break
		}
	}
	var late []time.Duration
	for b.Loop() {
		benchOK(b, r.SetModelQuotaExceeded(b.Context(), "c", "m"))
		until := (<-w.C()).Quota.Until
		if e := <-w.C(); e.Quota != nil {
			b.Fatalf("told %+v", e)
		}
		late = append(late, time.Since(until))
	}
	b.ReportMetric(quantile(late, 0.5), "late-p50-us")
	b.ReportMetric(quantile(late, 0.99), "late-p99-us")
	b.ReportMetric(0, "ns/op") // it is mostly the window
}
