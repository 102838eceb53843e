package main_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// changing is what differs from run to run in what the verbs say, and what stands in its place.
var changing = []struct {
	text *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`[\w-]{11}:(\d+):\d{13}-[\w-]{11}`), "EPOCH:$1:NONCE"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\(in [\dhms]+\)`), "(in WAIT)"},
	{regexp.MustCompile(`http://127.0.0.1:\d+`), "http://DAEMON"},
	{regexp.MustCompile(`redis://127.0.0.1:\d+`), "redis://REDIS"},
	{regexp.MustCompile(`127.0.0.1:\d+`), "REDIS"},
	// A busy machine may have a latency that doctor warns of.
	{regexp.MustCompile(`(latency +|"latency",\n +"state": "|latency\n +state: )warn`), "${1}ok"},
	{regexp.MustCompile(`PING p50 [^ ]+, p99 [^ "\n]+`), "PING p50 P50, p99 P99"},
	{regexp.MustCompile(`(,\n +"do": "|\n +do: )look for slow commands [^"\n]+"?`), ""},
	{regexp.MustCompile(`look for slow commands [^\n]+`), "-"},
	{regexp.MustCompile(`clock is [^ ]+ from`), "clock is OFFSET from"},
	{regexp.MustCompile(`[\d.]+ MiB used`), "USED used"},
	{regexp.MustCompile(`(Redis|Valkey) \d+\.\d+\.\d+`), "Redis VERSION"},
}

// columns are as wide as what was replaced in them.
var columns = regexp.MustCompile(`  +`)

// golden runs the binary and holds what it says against testdata/<name>.golden.
func golden(t *testing.T, name, redisURL string, args ...string) {
	t.Helper()
	holdGolden(t, name, said(t, []string{"REDIS_URL=" + redisURL}, args...))
}

// said runs a verb and returns the command line, what it wrote and its exit code, without what changes from run to run.
func said(t *testing.T, env []string, args ...string) string {
	t.Helper()
	return asText(run(t, env, args...), args)
}

// asText is what said returns of a result.
func asText(r result, args []string) string {
	text := "$ rollcall " + strings.Join(args, " ") + "\n" + r.Stdout
	if stderr := stalls.ReplaceAllString(r.Stderr, ""); stderr != "" {
		text += "stderr:\n" + stderr
	}
	text += fmt.Sprintf("exit code: %d\n", r.Code)
	return settled(text, slices.Contains(args, "json") || slices.Contains(args, "yaml"))
}

// stalls are warnings on a machine so busy that a process waits for an answer of Redis for half a second, or two.
var stalls = regexp.MustCompile(`.*level=warning msg="(the daemon has not heard|` + stall + `).*\n`)

// stall begins what a replica warns of then.
const stall = `rollcall: (redis is away|reading the namespace anew|the lease was over)`

// settled replaces what changes from run to run; in a document spaces have a meaning.
func settled(text string, document bool) string {
	for _, one := range changing {
		text = one.text.ReplaceAllString(text, one.as)
	}
	if !document {
		text = columns.ReplaceAllString(text, "  ")
	}
	return text
}

var update = flag.Bool("update", false, "write the golden files anew")

// holdGolden holds a text against testdata/<name>.golden, which go test -update writes anew.
func holdGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, text, want)
	}
}

// inForms is golden in all three forms.
func inForms(t *testing.T, name, redisURL string, args ...string) {
	t.Helper()
	for _, form := range []string{"table", "json", "yaml"} {
		golden(t, name+"_"+form, redisURL, append(args, "--output", form)...)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a replica in the test's own process. On a busy machine, too, its writes find time and its lease is far from
// its end.
func open(t *testing.T, url, namespace string) *registry.ModelRegistry {
	t.Helper()
	log := logrus.New()
	log.SetOutput(t.Output())
	r, err := registry.Open(t.Context(), url, registry.Options{
		Namespace: namespace, ReplicaID: "proxy-1", OperationTimeout: patience, LeaseTTL: time.Hour, Logger: log,
	})
	must(t, err)
	t.Cleanup(func() { _ = r.Close() }) // some tests close it themselves
	return r
}

// TestVerbsAtRedis goes through all verbs that look at a Redis itself, on a server of its own.
func TestVerbsAtRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	ctx, url, admin := t.Context(), server.URL(), server.Admin(t)
	inForms(t, "history_empty", url, "history")
	inForms(t, "namespace_list_empty", url, "namespace", "list")
	golden(t, "verify_empty", url, "verify")
	golden(t, "doctor_empty", url, "doctor")

	r := open(t, url, "default")
	must(t, r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}, {ID: "claude-haiku-4-5"}}))
	must(t, r.RegisterClient(ctx, "key-2", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	must(t, r.SetModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
	must(t, r.SuspendClientModel(ctx, "key-2", "gpt-5", "it lies"))
	must(t, r.ClearModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))

	inForms(t, "history", url, "history")
	inForms(t, "history_pair", url, "history", "key-1", "claude-haiku-4-5", "--since", "1h")
	golden(t, "history_limit", url, "history", "--limit", "1")
	golden(t, "history_wrong_limit", url, "history", "--limit", "-1")
	golden(t, "history_too_many", url, "history", "a", "b", "c")
	inForms(t, "doctor", url, "doctor")
	inForms(t, "namespace_list", url, "namespace", "list")
	golden(t, "namespace_drop_live", url, "namespace", "drop", "default", "--yes")
	golden(t, "namespace_drop_unknown", url, "namespace", "drop", "nothing", "--yes")
	golden(t, "namespace_drop_wrong", url, "namespace", "drop", "no*thing", "--yes")
	golden(t, "namespace_drop_twice", url, "namespace", "drop", "default", "--namespace", "default")
	golden(t, "namespace_drop_what", url, "namespace", "drop")

	inForms(t, "verify", url, "verify")
	must(t, admin.HSet(ctx, "rollcall:{default}:counts", "gpt-5", 7).Err())
	inForms(t, "verify_damaged", url, "verify")
	succeeds(t, []string{"REDIS_URL=" + url}, "verify", "--repair")
	if n := r.GetModelCount("claude-haiku-4-5"); n != 1 {
		t.Errorf("after the repair the replica counts %d", n)
	}

	must(t, r.Close())
	for _, form := range []string{"table", "json", "yaml"} {
		old := open(t, url, form)
		must(t, old.RegisterClient(ctx, "key-1", "", []*registry.ModelInfo{{ID: "gpt-5"}}))
		must(t, old.Close())
		golden(t, "namespace_drop_"+form, url, "namespace", "drop", form, "--output", form)
	}
	golden(t, "namespace_drop", url, "namespace", "drop", "default")
	golden(t, "namespace_list_dropped", url, "namespace", "list")

	must(t, admin.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru").Err())
	must(t, admin.HSet(ctx, "rollcall:{default}:meta", "schema", "2", "epoch", "e").Err())
	golden(t, "doctor_failing", url, "doctor")
}

// TestBench runs a short one, and interrupts a long one: nothing is left behind.
func TestBench(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	admin := server.Admin(t)
	left := func() []string { return admin.Keys(t.Context(), "rollcall:*").Val() }
	env := []string{"REDIS_URL=" + server.URL()}
	out := run(t, env, "bench", "--operations", "20", "--workers", "2", "--output", "json").Stdout
	var results []struct {
		Name  string
		P50   float64 `json:"p50_us"`
		P99   float64 `json:"p99_us"`
		Max   float64 `json:"max_us"`
		Rate  float64 `json:"per_second"`
		Ratio float64
	}
	must(t, json.Unmarshal([]byte(out), &results))
	var names []string
	for _, r := range results {
		names = append(names, r.Name)
		if r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 || r.Rate <= 0 || (r.Ratio == 0) != (r.Name == "PING") {
			t.Errorf("%+v", r)
		}
	}
	want := "PING, register, 50 models, register, identical, quota mark, clear, heartbeat, read of the view"
	if got := strings.Join(names, ", "); got != want || len(left()) > 0 {
		t.Errorf("measured %s; left behind %v", got, left())
	}

	long := command(t, env, "bench", "--operations", "1000000")
	must(t, long.Start())
	eventually(t, func() string { return strings.Join(left(), " ") }, "rollcall:") // it has begun
	must(t, long.Process.Signal(os.Interrupt))
	var exited *exec.ExitError
	if err := long.Wait(); !errors.As(err, &exited) || exited.ExitCode() != 1 || len(left()) > 0 {
		t.Errorf("interrupted: %v; left behind %v", err, left())
	}
	golden(t, "bench_wrong", server.URL(), "bench", "--workers", "0")
	golden(t, "bench_namespace", server.URL(), "bench", "--namespace", "mine")
}

// Without a Redis every verb says so with the exit code for it, and what to try.
func TestVerbsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	server.Kill(t)
	url := server.URL()
	golden(t, "history_down", url, "history")
	golden(t, "verify_down", url, "verify")
	golden(t, "namespace_list_down", url, "namespace", "list")
	inForms(t, "doctor_down", url, "doctor")
	golden(t, "bench_down", url, "bench")
	golden(t, "history_nowhere", "", "history")
}
