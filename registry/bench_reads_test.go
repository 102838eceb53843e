package registry_test

import (
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// asked are the reads that the registry has in common with the original.
type asked interface {
	ClientSupportsModel(clientID, modelID string) bool
	GetModelCount(modelID string) int
	GetModelProviders(modelID string) []string
	GetAvailableModels(handlerType string) []map[string]any
	GetFirstAvailableModel(handlerType string) (string, error)
}

// question is one read; i varies what it is asked about.
type question struct {
	name   string
	shared bool // the original has it, too
	ask    func(r asked, i int)
}

// changesPerSecond is how fast views are fed in benchmarks of reads beside changes.
const changesPerSecond = 1000

// BenchmarkReads asks what proxies ask: of the original, of a registry at rest, and of a registry that is fed 1,000
// changes a second, straight into its view ("fed") or by another replica through Redis ("replica").
func BenchmarkReads(b *testing.B) {
	b.Run("yardstick", benchmarkBareMap)
	worlds := map[string]world{"shared": sharedWorld(1000, 8), "unique": uniqueWorld(1000)}
	for _, name := range []string{"shared", "unique"} {
		w := worlds[name]
		b.Run(name, func(b *testing.B) {
			s, ns := anyServer(b), redistest.Namespace(b)
			a, other := benchReplica(b, s, ns, "a"), benchReplica(b, s, ns, "b")
			w.register(b, other)
			benchOK(b, a.Sync(b.Context()))
			b.Run("unmarked", func(b *testing.B) { benchmarkState(b, w, newOriginal(w, false), a, other) })
			b.Run("status", func(b *testing.B) { benchmarkStatus(b, w, a, other) })
			w.mark(b, other)
			benchOK(b, a.Sync(b.Context()))
			b.Run("marked", func(b *testing.B) { benchmarkState(b, w, newOriginal(w, true), a, other) })
			w.markFirst(b, other, 10_000)
			benchOK(b, a.Sync(b.Context()))
			b.Run("10000-marks", func(b *testing.B) {
				for _, q := range questions(w) {
					b.Run(q.name, func(b *testing.B) { askAll(b, q, a) })
				}
			})
		})
	}
}

func benchmarkState(b *testing.B, w world, o *original, a, other *registry.ModelRegistry) {
	for _, q := range questions(w) {
		b.Run(q.name, func(b *testing.B) {
			if q.shared {
				b.Run("original", func(b *testing.B) { askAll(b, q, o) })
			}
			b.Run("rollcall", func(b *testing.B) { askAll(b, q, a) })
			b.Run("fed", func(b *testing.B) {
				defer feedView(b, 1, applyMarks(w, a))()
				askAll(b, q, a)
			})
			b.Run("replica", func(b *testing.B) {
				defer feedView(b, 4, writeMarks(b, w, other))()
				askAll(b, q, a)
			})
		})
	}
}

func askAll(b *testing.B, q question, r asked) {
	b.ReportAllocs()
	defer threadTime(b)()
	for i := 0; b.Loop(); i++ {
		q.ask(r, i)
	}
}

// threadTime reports, where the system can tell (Linux), the processor time that this goroutine took: unlike ns/op it
// hardly depends on what else runs on the machine.
func threadTime(b *testing.B) (report func()) {
	const thisThread = 1 // RUSAGE_THREAD
	used := func() (time.Duration, bool) {
		var usage syscall.Rusage
		err := syscall.Getrusage(thisThread, &usage)
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err == nil
	}
	runtime.LockOSThread()
	before, ok := used()
	return func() {
		defer runtime.UnlockOSThread()
		if after, still := used(); ok && still {
			b.ReportMetric(float64(after-before)/float64(b.N), "cpu-ns/op")
		}
	}
}

// questions about all models in turn; keys are made beforehand.
func questions(w world) []question {
	const keys = 1 << 10
	type infos interface { // the original hands out its own memory here
		GetModelInfo(modelID string, provider ...string) *registry.ModelInfo
		GetModelsForClient(clientID string) []*registry.ModelInfo
	}
	var models, clients, own, folded, missing [keys]string
	for i := range keys {
		models[i] = w.models[i%worldModels].ID
		clients[i], own[i] = w.pair(i*7 + i/100)
		folded[i] = strings.ToUpper(own[i])
		missing[i] = "no-" + own[i]
	}
	return []question{
		{"GetModelCount", true, func(r asked, i int) { r.GetModelCount(models[i%keys]) }},
		{"ClientSupportsModel", true, func(r asked, i int) { r.ClientSupportsModel(clients[i%keys], own[i%keys]) }},
		{"ClientSupportsModel-case", true, func(r asked, i int) { r.ClientSupportsModel(clients[i%keys], folded[i%keys]) }},
		{"ClientSupportsModel-miss", true, func(r asked, i int) { r.ClientSupportsModel(clients[i%keys], missing[i%keys]) }},
		{"GetModelProviders", true, func(r asked, i int) { r.GetModelProviders(models[i%keys]) }},
		{"GetAvailableModels-openai", true, func(r asked, _ int) { r.GetAvailableModels("openai") }},
		{"GetAvailableModels-claude", true, func(r asked, _ int) { r.GetAvailableModels("claude") }},
		{"GetAvailableModels-gemini", true, func(r asked, _ int) { r.GetAvailableModels("gemini") }},
		{"GetFirstAvailableModel", true, func(r asked, _ int) { _, _ = r.GetFirstAvailableModel("openai") }},
		{"GetModelInfo", false, func(r asked, i int) { r.(infos).GetModelInfo(models[i%keys]) }},
		{"GetModelsForClient", false, func(r asked, i int) { r.(infos).GetModelsForClient(clients[i%keys]) }},
	}
}

// feedView makes changes at a steady rate from so many goroutines until the function it returns is called. The second
// of two changes takes back what the first one did.
func feedView(b *testing.B, workers int, change func(i int)) (stop func()) {
	done := make(chan struct{})
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			start, made := time.Now(), 0
			for {
				for due := int(time.Since(start).Seconds() * changesPerSecond / float64(workers)); made < due; made++ {
					change(made*workers + worker)
				}
				select {
				case <-done:
					b.ReportMetric(float64(made*workers)/time.Since(start).Seconds(), "changes/s")
					if made%2 == 1 {
						change(made*workers + worker)
					}
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	return func() { close(done); running.Wait() }
}

// applyMarks sets a mark on one pair after the other, and takes each away with the next change: so as many are marked
// as without it.
func applyMarks(w world, r *registry.ModelRegistry) func(i int) {
	mark := &store.Mark{Quota: &store.MarkPart{Until: time.Now().Add(24 * time.Hour).UnixMilli()}}
	return func(i int) {
		client, model := w.pair(w.pairs()/2 + i/2%10_000)
		set := mark
		if i%2 == 1 {
			set = nil
		}
		registry.Apply(r, store.Entry{
			Kind: store.KindMark, Client: client, Marks: []store.PairMark{{Client: client, Model: model, Mark: set}},
		})
	}
}

// writeMarks does the same through Redis.
func writeMarks(b *testing.B, w world, r *registry.ModelRegistry) func(i int) {
	const workers = 4
	return func(i int) {
		client, model := w.pair(w.pairs()/2 + i%workers + i/workers/2%2_000*workers)
		var err error
		if i/workers%2 == 0 {
			err = r.SetModelQuotaExceeded(b.Context(), client, model)
		} else {
			err = r.ClearModelQuotaExceeded(b.Context(), client, model)
		}
		if err != nil {
			b.Error(err)
		}
	}
}

// benchmarkBareMap is what no registry can be faster than: one look into a map behind a lock.
func benchmarkBareMap(b *testing.B) {
	var lock sync.RWMutex
	counts, models := make(map[string]int), allModels()
	for i, m := range models {
		counts[m.ID] = i
	}
	b.ReportAllocs()
	sum := 0
	for i := 0; b.Loop(); i++ {
		lock.RLock()
		sum += counts[models[i%worldModels].ID]
		lock.RUnlock()
	}
	_ = sum
}
