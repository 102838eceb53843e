package registry_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// worldModels is how many models there are, clientModels how many of them a client has.
const (
	worldModels  = 200
	clientModels = 50
)

var (
	families = []string{
		"claude-sonnet", "gpt-5", "gemini-2.5", "llama-4", "mistral-large", "deepseek-v3", "qwen3", "grok-4", "command-r",
		"phi-4", "kimi-k2", "o4", "nova", "jamba-1.7", "yi-lightning", "Hermes-4", "falcon-h1", "granite-4", "ERNIE-4.5",
		"solar",
	}
	variants = []string{
		"", "-mini", "-pro", "-flash", "-preview-09-2025", "-thinking", "-20250929", "-codex", "-vision", "-Instruct",
	}
	benchProviders = []string{"openai", "claude", "gemini"}
)

// worldModel describes a model in as many words as providers do: every field that the openai shape shows.
func worldModel(n int) *registry.ModelInfo {
	id := families[n%len(families)] + variants[n/len(families)%len(variants)]
	provider := benchProviders[n%len(benchProviders)]
	return &registry.ModelInfo{
		ID: id, Object: "model", Created: 1_700_000_000 + int64(n)*86_400, OwnedBy: provider, Type: provider,
		DisplayName: strings.ToTitle(id), Version: "2025-09-29",
		Description:   "The model for long documents, careful reasoning and tools; " + id + " answers in many languages.",
		ContextLength: 200_000, MaxCompletionTokens: 64_000,
		SupportedParameters: []string{"temperature", "top_p", "tools"},
		Thinking:            &registry.ThinkingSupport{Min: 1024, Max: 64_000, ZeroAllowed: true},
	}
}

// world is what a namespace holds in a benchmark: clients c0, c1, ... and the list of models of each.
type world struct {
	models   []*registry.ModelInfo
	catalogs [][]*registry.ModelInfo
	clients  int
}

// sharedWorld has clients that share so many catalogs, which overlap: each model is in several.
func sharedWorld(clients, catalogs int) world {
	w := world{models: allModels(), clients: clients}
	for c := range catalogs {
		var list []*registry.ModelInfo
		for i := range clientModels {
			list = append(list, w.models[(c*worldModels/catalogs+i)%worldModels])
		}
		w.catalogs = append(w.catalogs, list)
	}
	return w
}

// uniqueWorld has clients with a catalog each, drawn at random, the same in every run.
func uniqueWorld(clients int) world {
	w := world{models: allModels(), clients: clients}
	random := rand.New(rand.NewPCG(1, 2))
	for range clients {
		w.catalogs = append(w.catalogs, w.drawn(random))
	}
	return w
}

func (w world) drawn(random *rand.Rand) []*registry.ModelInfo {
	var list []*registry.ModelInfo
	for _, n := range random.Perm(worldModels)[:clientModels] {
		list = append(list, w.models[n])
	}
	return list
}

func allModels() []*registry.ModelInfo {
	var models []*registry.ModelInfo
	for n := range worldModels {
		models = append(models, worldModel(n))
	}
	return models
}

func (w world) client(i int) string                 { return fmt.Sprintf("c%d", i%w.clients) }
func (w world) catalog(i int) []*registry.ModelInfo { return w.catalogs[i%w.clients%len(w.catalogs)] }
func (w world) pairs() int                          { return w.clients * clientModels }

func (w world) provider(i int) string {
	return benchProviders[i%w.clients%len(w.catalogs)%len(benchProviders)]
}

// pair numbers the pairs of client and model so that the first tenth has all clients and all models in it.
func (w world) pair(i int) (client, model string) {
	return w.client(i), w.catalog(i)[(i+i/w.clients)%clientModels].ID
}

func (w world) register(b *testing.B, r *registry.ModelRegistry) {
	b.Helper()
	inParallel(b, w.clients, func(i int) error {
		return r.RegisterClient(b.Context(), w.client(i), w.provider(i), w.catalog(i))
	})
}

// mark puts a tenth of all pairs over quota.
func (w world) mark(b *testing.B, r *registry.ModelRegistry) {
	b.Helper()
	w.markFirst(b, r, w.pairs()/10)
}

func (w world) markFirst(b *testing.B, r *registry.ModelRegistry, pairs int) {
	b.Helper()
	inParallel(b, pairs, func(i int) error {
		client, model := w.pair(i)
		return r.SetModelQuotaExceeded(b.Context(), client, model)
	})
}

// inParallel calls do for 0 to n-1 from several goroutines.
func inParallel(b *testing.B, n int, do func(i int) error) {
	b.Helper()
	const workers = 8
	var running sync.WaitGroup
	failures := make([]error, workers)
	for worker := range workers {
		running.Go(func() {
			for i := worker; i < n && failures[worker] == nil; i += workers {
				failures[worker] = do(i)
			}
		})
	}
	running.Wait()
	for _, err := range failures {
		benchOK(b, err)
	}
}

func benchOK(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// benchOptions are those of a registry whose marks outlast any benchmark, and that waits for a busy machine.
func benchOptions(ns, id string) registry.Options {
	return registry.Options{
		Namespace: ns, ReplicaID: id, Logger: silence(), QuotaWindow: 24 * time.Hour, OperationTimeout: time.Minute,
		LeaseTTL: 10 * time.Minute,
	}
}

// benchReplica opens a registry that is closed with the benchmark.
func benchReplica(b *testing.B, s *redistest.Server, ns, id string) *registry.ModelRegistry {
	b.Helper()
	r, err := registry.New(b.Context(), s.Client(b), benchOptions(ns, id))
	benchOK(b, err)
	b.Cleanup(func() { _ = r.Close() }) // the namespace may be larger than Close can give up in its time
	return r
}

// benchRedis is a Redis of the benchmark's own, which notes the time of every call.
func benchRedis(b *testing.B) *redistest.Server {
	b.Helper()
	logging.Disable() // the client library writes into the results while the server starts
	return redistest.Redis(b, redistest.Options{
		Config: []string{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000000"},
	})
}

// anyServer is a Redis, or a miniredis where none is installed: enough for what Redis' own time has no part in.
func anyServer(b *testing.B) *redistest.Server {
	b.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		return redistest.Miniredis(b)
	}
	logging.Disable()
	return redistest.Redis(b)
}

// quantile sorts durations and returns the one that a fraction of them does not exceed, in us.
func quantile(durations []time.Duration, fraction float64) float64 {
	slices.Sort(durations)
	if len(durations) == 0 {
		return 0
	}
	return float64(durations[int(fraction*float64(len(durations)-1))].Nanoseconds()) / 1000
}
