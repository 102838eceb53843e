package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// The tokens of the daemons that the tests start.
const (
	writeToken = "a-token-that-may-write"
	readToken  = "a-token-that-may-read"
)

// world is a Redis' namespace with a daemon, and the two ways to it.
type world struct {
	daemon      *child
	redis, http []string // the environment of a verb that goes that way
}

func newWorld(t *testing.T) world {
	t.Helper()
	server := redistest.Shared(t)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	must(t, os.WriteFile(file, []byte(`
replica_id: proxy-1
clients:
  - {id: key-1, provider: claude, models: [{id: claude-sonnet-4-5, display_name: Claude Sonnet 4.5, created: 1759104000}, claude-haiku-4-5]}
  - {id: key-2, provider: claude, models: [claude-sonnet-4-5]}
  - {id: key-3, provider: openai, models: [openai/gpt-5:free]}
`), 0o600))
	w := world{redis: []string{"REDIS_URL=" + server.URL(), "ROLLCALL_NAMESPACE=" + redistest.Namespace(t), "USER=ops"}}
	w.daemon = serve(t, append(slices.Clone(w.redis), "ROLLCALL_TOKENS=ops:write:"+writeToken+",guest:read:"+readToken), "--config", file)
	w.http = []string{"ROLLCALL_SERVER=" + w.daemon.base, "ROLLCALL_TOKEN=" + writeToken}
	return w
}

var (
	actorHere   = regexp.MustCompile(`ops@[\w.-]+`)
	observer    = regexp.MustCompile(`[\w.-]+-\d+-[a-z2-7]{8}\b`)
	processLine = regexp.MustCompile(`("?(?:host|pid|version)"?: "?)[^,"\n]+`)
	replicaRow  = regexp.MustCompile(`(?m)^(proxy-1  live  \d+)  \S+  \d+  \S+`)
)

// sayIn is said, without what is of this machine or of one of the ways.
func sayIn(t *testing.T, env []string, args ...string) string {
	t.Helper()
	text := actorHere.ReplaceAllString(said(t, env, args...), "ops")
	text = observer.ReplaceAllString(text, "proxy-1") // who sets a mark without an actor, where the other way it is the daemon
	text = processLine.ReplaceAllString(text, "${1}ANY")
	return replicaRow.ReplaceAllString(text, "$1  ANY  ANY  ANY")
}

// everyForm is what a verb says in all three forms.
func everyForm(t *testing.T, env []string, args ...string) string {
	t.Helper()
	var all []string
	for _, form := range []string{"table", "json", "yaml"} {
		all = append(all, sayIn(t, env, append(slices.Clone(args), "-o", form)...))
	}
	return strings.Join(all, "\n")
}

// TestVerbsSayTheSameBothWays goes through the verbs that a Redis and a daemon answer, and holds both against one text.
func TestVerbsSayTheSameBothWays(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"redis", "http"} { // one after the other, since the first may write what the second is held against
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			env := w.redis
			if way == "http" {
				env = w.http
			}
			hold := func(name string, args ...string) {
				t.Helper()
				holdGolden(t, filepath.Join("both_ways", name), everyForm(t, env, args...))
			}
			once := func(name string, args ...string) {
				t.Helper()
				holdGolden(t, filepath.Join("both_ways", name), sayIn(t, env, args...))
			}
			hold("models", "models")
			hold("replicas", "replicas")
			hold("explain_available", "explain", "key-1", "claude-haiku-4-5")
			hold("explain_unregistered", "explain", "key-1", "gpt-5")
			hold("explain_unheld", "explain", "key-9", "gpt-5")

			hold("quota_set", "quota", "set", "key-3", "openai/gpt-5:free", "--retry-after", "90m", "--reason", "weekly limit")
			once("quota_set_source", "quota", "set", "key-2", "claude-sonnet-4-5", "--source", "retry_after", "--retry-after", "2h")
			hold("suspend", "suspend", "key-1", "claude-sonnet-4-5", "--reason", "answers <nonsense>: \"é\"")
			hold("suspend_client", "suspend", "key-1", "*", "--reason", "key leaked", "--until", "2100-01-01T00:00:00Z")
			hold("explain_cooling", "explain", "key-3", "openai/gpt-5:free")
			hold("explain_suspended", "explain", "key-1", "claude-haiku-4-5")
			hold("models_marked", "models")
			hold("model_show", "model", "show", "claude-sonnet-4-5")
			hold("clients", "clients")
			hold("client_show", "client", "show", "key-1")
			hold("export", "export")
			hold("resume", "resume", "key-1", "claude-sonnet-4-5")
			hold("resume_client", "resume", "key-1", "*")
			hold("quota_clear", "quota", "clear", "key-3", "openai/gpt-5:free")
			once("client_evict_table", "client", "evict", "key-1", "--output", "table")
			once("client_evict_json", "client", "evict", "key-2", "--output", "json")
			once("client_evict_yaml", "client", "evict", "key-3", "--output", "yaml")
			hold("models_empty", "models")
			hold("clients_empty", "clients")
			hold("export_empty", "export")

			once("model_show_unknown", "model", "show", "gpt-6")
			once("client_show_unknown", "client", "show", "key-9")
			once("client_evict_unknown", "client", "evict", "key-9")
			once("quota_set_unknown", "quota", "set", "key-9", "gpt-5")
			hold("resume_unknown", "resume", "key-9", "gpt-5")
			once("resume_unknown_client", "resume", "key-9", "*")
			once("quota_clear_unknown", "quota", "clear", "key-1", "gpt-6")
			once("suspend_unknown_client", "suspend", "key-9", "*", "--reason", "r")
		})
	}
}

// TestMisuseSaysWhatWouldBeRight holds what is wrong whichever way it goes.
func TestMisuseSaysWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []string
	for _, args := range [][]string{
		{"models", "--output", "xml"},
		{"models", "now"},
		{"modles", "--redis", "redis://127.0.0.1:1"},
		{"models", "--redis-url", "redis://127.0.0.1:1"},
		{"serve", "--redis", "redis://127.0.0.1:1"},
		{"model"},
		{"model", "sho"},
		{"model", "show"},
		{"explain", "key-1"},
		{"explain", "key-1", ""},
		{"models", "--server", "http://127.0.0.1:1", "--redis", "redis://127.0.0.1:1"},
		{"models", "--redis", "127.0.0.1"},
		{"models", "--redis", "redis://127.0.0.1:1", "--tls-ca-file", "ca.pem"},
		{"models", "--server", "127.0.0.1:1"},
		{"models", "--server", "http://127.0.0.1:1", "--tls-ca-file", "ca.pem"},
		{"models", "--server", "http://127.0.0.1:1", "--token", "a", "--token-file", "b"},
		{"models", "--server", "http://127.0.0.1:1", "--token-file", "none"},
		{"models", "--token", "a"},
		{"models", "--namespace", "a b"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--until", "tomorrow"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--until", "2001-01-01T00:00:00Z"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--retry-after", "-1s"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--retry-after", "1h", "--until", "2100-01-01T00:00:00Z"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--source", "rumour"},
		{"suspend", "key-1", "claude-haiku-4-5"},
		{"suspend", "key-1", "claude-haiku-4-5", "--reason", "r", "--until", "2001-01-01T00:00:00Z"},
		{"client", "register", "k", "--provider", "p", "--models", "m"},
		{"client", "unregister", "k"},
		{"import", "file.json"},
	} {
		all = append(all, said(t, w.redis, args...))
	}
	for _, args := range [][]string{
		{"models", "--actor", "me", "--server", w.daemon.base},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--actor", "me", "--server", w.daemon.base},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--source", "rumour"},
		{"quota", "set", "key-1", "claude-haiku-4-5", "--until", "2001-01-01T00:00:00Z"},
		{"models", "--token", "a-token-that-nobody-knows"},
		{"models", "--token", "a token"},
		{"suspend", "key-1", "claude-haiku-4-5", "--reason", "r", "--token", readToken},
	} {
		all = append(all, said(t, w.http, args...))
	}
	for _, args := range [][]string{{"models"}, {"watch"}, {"client", "register", "k"}} {
		all = append(all, said(t, nil, args...))
	}
	all = append(all, said(t, w.http, "history"), said(t, w.http, "doctor", "--server", "http://127.0.0.1:1"))
	holdGolden(t, "misuse", strings.Join(all, "\n"))
}

// TestNobodyAnswers: a Redis and a daemon that are not there have an exit code of their own.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	var all []string
	for _, env := range []string{"REDIS_URL=redis://:hush@127.0.0.1:1/0", "ROLLCALL_SERVER=http://127.0.0.1:1"} {
		for _, args := range [][]string{
			{"models"}, {"clients"}, {"replicas"}, {"explain", "a", "b"}, {"watch"}, {"quota", "clear", "a", "b"}, {"export"},
		} {
			all = append(all, said(t, []string{env}, args...))
		}
	}
	text := strings.Join(all, "\n")
	if strings.Contains(text, "hush") {
		t.Error("a password is repeated")
	}
	holdGolden(t, "nobody_answers", text)
}

// TestWhatADaemonHolds: a client that was registered by the command line, and an export that is imported elsewhere.
func TestWhatADaemonHolds(t *testing.T) {
	t.Parallel()
	from, to := newWorld(t), newWorld(t)
	dir := t.TempDir()
	hold := func(env []string, name string, args ...string) {
		t.Helper()
		text := strings.ReplaceAll(everyForm(t, env, args...), dir, "DIR")
		holdGolden(t, filepath.Join("daemon", name), text)
	}
	models := filepath.Join(dir, "models.yaml")
	must(t, os.WriteFile(models, []byte("- gpt-5\n- {id: gpt-5-mini, display_name: GPT-5 mini, context_length: 400000}\n"), 0o600))
	hold(from.http, "client_register", "client", "register", "key-4", "--provider", "openai", "--models", "gpt-5,gpt-5-mini")
	hold(from.http, "client_register_file", "client", "register", "key-4", "--provider", "openai", "--file", models)
	hold(from.http, "client_register_configured", "client", "register", "key-1", "--provider", "openai", "--models", "gpt-5")
	for _, args := range [][]string{
		{"quota", "set", "key-4", "gpt-5", "--retry-after", "3h", "--reason", "weekly limit"},
		{"suspend", "key-4", "gpt-5-mini", "--reason", "broken"},
		{"suspend", "key-1", "*", "--reason", "leaked"},
	} {
		if text := said(t, from.http, args...); !strings.HasSuffix(text, "exit code: 0\n") {
			t.Fatal(text)
		}
	}
	exportOf := func(env []string, form string) string {
		t.Helper()
		exported := run(t, env, "export", "-o", form)
		if exported.Code != 0 {
			t.Fatal(exported)
		}
		return exported.Stdout
	}
	for _, form := range []string{"json", "yaml"} {
		file := filepath.Join(dir, "export."+form)
		must(t, os.WriteFile(file, []byte(exportOf(from.http, form)), 0o600))
		hold(to.http, "import_"+form, "import", file)
		want, got := exportOf(from.redis, form), exportOf(to.redis, form)
		since := regexp.MustCompile(`since.*`) // the marks are new there
		if want, got = since.ReplaceAllString(want, ""), since.ReplaceAllString(got, ""); want != got {
			t.Errorf("%s: imported was\n%s\nand there is\n%s", form, want, got)
		}
	}
	over := filepath.Join(dir, "over.json")
	must(t, os.WriteFile(over, []byte(`{"clients": [{"client": "key-5", "provider": "p", "models": ["m"], "marks": [
		{"model": "m", "quota": {"until": "2001-01-01T00:00:00Z", "source": "operator"}, "suspension": {"until": "2001-01-01T00:00:00Z", "reason": "r"}}]}]}`), 0o600))
	hold(to.http, "import_over", "import", over)

	var gone []string
	for _, form := range []string{"table", "json", "yaml"} {
		said(t, from.http, "client", "register", "key-4", "--provider", "openai", "--models", "gpt-5")
		gone = append(gone, said(t, from.http, "client", "unregister", "key-4", "-o", form))
	}
	gone = append(gone, said(t, from.http, "client", "unregister", "key-4"))
	holdGolden(t, filepath.Join("daemon", "client_unregister"), strings.Join(gone, "\n"))

	var all []string
	for i, text := range []string{
		"", "{", "[]", `{"clients": [{"client": "c", "colour": 1}]}`, `{"clients": [{"provider": "p", "models": ["m"]}]}`,
		`{"clients": [{"client": "c", "provider": "p", "models": ["m"], "marks": [{"model": "m", "quota": {"until": "soon"}}]}]}`,
		`{"clients": [{"client": "c", "provider": "p", "models": []}]}`,
	} {
		file := filepath.Join(dir, fmt.Sprintf("bad-%d.json", i))
		must(t, os.WriteFile(file, []byte(text), 0o600))
		all = append(all, text+"\n"+said(t, to.http, "import", file))
	}
	all = append(all, said(t, to.http, "import", filepath.Join(dir, "none.json")),
		said(t, to.http, "client", "register", "c", "--models", "m"), said(t, to.http, "client", "register", "c", "--provider", "p"),
		said(t, to.http, "client", "register", "c", "--provider", "p", "--models", "m,m"))
	holdGolden(t, filepath.Join("daemon", "refused"), strings.ReplaceAll(strings.Join(all, "\n"), dir, "DIR"))
}

// TestVerbsAboutThisBinary are those that need no registry.
func TestVerbsAboutThisBinary(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	must(t, os.WriteFile(file, []byte("lease_ttl: 20s\nclients:\n  - {id: key-1, provider: p, models: [a, b]}\n"), 0o600))
	env := []string{"REDIS_URL=redis://ops:hush@redis.example:6379/2", "ROLLCALL_TOKENS=ops:write:" + writeToken, "ROLLCALL_OPERATION_TIMEOUT="}
	text := strings.ReplaceAll(everyForm(t, env, "config", "--config", file, "--log-level", "debug"), file, "FILE")
	if strings.Contains(text, "hush") || strings.Contains(text, writeToken) {
		t.Error("a secret is shown")
	}
	holdGolden(t, "config", text)
	holdGolden(t, "config_wrong", said(t, nil, "config", "--lease-ttl", "1"))

	text = everyForm(t, nil, "version")
	for _, one := range []struct{ what, as string }{
		{`(?m)^\s*"?(revision|modified)"?: .*\n`, ""}, // they are not in every build
		{`(?m)^(revision|version|go|platform)  .*`, "$1  ANY"},
		{`("?(?:version|go|os|arch)"?: "?)[^,"\n]+`, "${1}ANY"},
	} {
		text = regexp.MustCompile(one.what).ReplaceAllString(text, one.as)
	}
	holdGolden(t, "version", text)

	if out := said(t, nil, "completion", "bash"); !strings.Contains(out, "__start_rollcall") || !strings.HasSuffix(out, "exit code: 0\n") {
		t.Errorf("completion for bash: %s", out)
	}
}
