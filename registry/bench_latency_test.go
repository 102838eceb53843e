package registry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// BenchmarkLatency measures how long a quota mark takes until the own view shows it ("own"), and until that of another
// replica does ("other"), beside the least that Redis can do: an XADD until a blocked XREAD has it ("bare"). The three
// take turns, so that whatever else runs on the machine meets all of them alike; own-x and other-x are the ratios of
// the medians.
func BenchmarkLatency(b *testing.B) {
	s := anyServer(b)
	w := sharedWorld(1000, 8)
	alone := benchReplica(b, s, redistest.Namespace(b), "alone")
	ns := redistest.Namespace(b)
	writer, reader := benchReplica(b, s, ns, "writer"), benchReplica(b, s, ns, "reader")
	w.register(b, alone)
	w.register(b, writer)
	benchOK(b, reader.Sync(b.Context()))
	bare := newBareFeed(b, s)

	var bareTimes, ownTimes, otherTimes []time.Duration
	for i := 0; b.Loop(); i++ {
		client, model := w.pair(i % w.pairs())
		bareTimes = append(bareTimes, bare.pass(b))

		start := time.Now()
		benchOK(b, alone.SetModelQuotaExceeded(b.Context(), client, model))
		ownTimes = append(ownTimes, time.Since(start))

		otherTimes = append(otherTimes, across(b, writer, reader, client, model))
	}
	bareMedian := quantile(bareTimes, 0.5)
	for _, kind := range []struct {
		name  string
		times []time.Duration
	}{{"bare", bareTimes}, {"own", ownTimes}, {"other", otherTimes}} {
		b.ReportMetric(quantile(kind.times, 0.5), kind.name+"-p50-us")
		b.ReportMetric(quantile(kind.times, 0.99), kind.name+"-p99-us")
	}
	b.ReportMetric(quantile(ownTimes, 0.5)/bareMedian, "own-x")
	b.ReportMetric(quantile(otherTimes, 0.5)/bareMedian, "other-x")
	b.ReportMetric(0, "ns/op") // the sum of the three means nothing
}

// across is the time from the beginning of a write on one replica until a goroutine on the other, which waits for it,
// finds it in its view.
func across(b *testing.B, writer, reader *registry.ModelRegistry, client, model string) time.Duration {
	b.Helper()
	next := writer.Position() // nobody else writes
	next.Revision++
	arrived := make(chan time.Time, 1)
	waiting := make(chan struct{})
	go func() {
		close(waiting)
		err := reader.WaitFor(b.Context(), next)
		at := time.Now()
		if err != nil {
			b.Error(err)
		}
		arrived <- at
	}()
	<-waiting
	time.Sleep(100 * time.Microsecond) // until it waits
	start := time.Now()
	benchOK(b, writer.SetModelQuotaExceeded(b.Context(), client, model))
	return (<-arrived).Sub(start)
}

// bareFeed is a stream with one writer and one reader that blocks in XREAD.
type bareFeed struct {
	writer redis.UniversalClient
	key    string
	came   chan time.Time
}

func newBareFeed(b *testing.B, s *redistest.Server) *bareFeed {
	b.Helper()
	f := &bareFeed{writer: s.Client(b), key: redistest.Namespace(b), came: make(chan time.Time, 1)}
	reader := s.Client(b)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for last := "0"; ctx.Err() == nil; {
			streams, err := reader.XRead(ctx, &redis.XReadArgs{Streams: []string{f.key, last}, Block: time.Second}).Result()
			if err != nil {
				continue // nothing for a second, or the end
			}
			f.came <- time.Now()
			messages := streams[0].Messages
			last = messages[len(messages)-1].ID
		}
	}()
	b.Cleanup(func() { cancel(); <-ended })
	return f
}

// pass sends one entry, as long as that of a quota mark, and returns how long it took to the reader.
func (f *bareFeed) pass(b *testing.B) time.Duration {
	b.Helper()
	time.Sleep(100 * time.Microsecond) // until the reader blocks again
	start := time.Now()
	benchOK(b, f.writer.XAdd(b.Context(), &redis.XAddArgs{
		Stream: f.key, MaxLen: 100_000, Approx: true, Values: []string{"payload", fmt.Sprintf("%300d", start.UnixNano())},
	}).Err())
	return (<-f.came).Sub(start)
}

// BenchmarkFleet measures how long a quota mark takes from the call until the views of 64 replicas show it, those of a
// single one ("one", of all of them and all marks) and the last of each mark ("last"). All are in this process, so they
// share its processors with Redis; fleets on machines of their own do not.
func BenchmarkFleet(b *testing.B) {
	const size = 64
	s := anyServer(b)
	w, ns := sharedWorld(1000, 8), redistest.Namespace(b)
	writer := benchReplica(b, s, ns, "writer")
	w.register(b, writer)
	readers := make([]*registry.ModelRegistry, size)
	for i := range readers {
		readers[i] = benchReplica(b, s, ns, fmt.Sprintf("reader-%d", i))
	}
	var one, last []time.Duration
	for i := 0; b.Loop(); i++ {
		client, model := w.pair(i % w.pairs())
		next := writer.Position()
		next.Revision++
		arrived, waiting := make(chan time.Time, size), make(chan struct{}, size)
		for _, reader := range readers {
			go func() {
				waiting <- struct{}{}
				if err := reader.WaitFor(b.Context(), next); err != nil {
					b.Error(err)
				}
				arrived <- time.Now()
			}()
		}
		for range readers {
			<-waiting
		}
		time.Sleep(time.Millisecond) // until they wait
		start := time.Now()
		benchOK(b, writer.SetModelQuotaExceeded(b.Context(), client, model))
		var took time.Duration
		for range readers {
			at := (<-arrived).Sub(start)
			one, took = append(one, at), max(took, at)
		}
		last = append(last, took)
	}
	for name, times := range map[string][]time.Duration{"one": one, "last": last} {
		b.ReportMetric(quantile(times, 0.5), name+"-p50-us")
		b.ReportMetric(quantile(times, 0.99), name+"-p99-us")
	}
	b.ReportMetric(0, "ns/op")
}
