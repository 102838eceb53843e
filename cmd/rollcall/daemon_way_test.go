package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

// TestWritesThatWaitAreToldAsSuch: a daemon takes writes while Redis is away, and no other replica knows of them.
func TestWritesThatWaitAreToldAsSuch(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	dir := t.TempDir()
	settings, document := filepath.Join(dir, "settings.yaml"), filepath.Join(dir, "export.json")
	must(t, os.WriteFile(settings, []byte("clients: [{id: key-1, provider: p, models: [m, n]}]\n"), 0o600))
	must(t, os.WriteFile(document, []byte(`{"clients": [{"client": "key-3", "provider": "p", "models": ["m"]}]}`), 0o600))
	daemon := serve(t, []string{"REDIS_URL=" + server.URL()}, "--config", settings, outageAfter)
	way := []string{"ROLLCALL_SERVER=" + daemon.base}
	server.Kill(t)
	daemon.eventually(daemon.readiness, `"redis":"down"`)
	var all []string
	for _, args := range [][]string{
		{"suspend", "key-1", "m", "--reason", "r"},
		{"suspend", "key-1", "*", "--reason", "r"},
		{"client", "register", "key-2", "--provider", "p", "--models", "m"},
		{"import", document},
	} {
		all = append(all, strings.ReplaceAll(everyForm(t, way, args...), dir, "DIR"))
	}
	all = append(all, sayIn(t, way, "replicas"), sayIn(t, way, "client", "evict", "key-2"))
	holdGolden(t, filepath.Join("daemon", "waiting"), strings.Join(all, "\n"))
	daemon.eventually(func() string { return run(t, way, "models").Stderr }, "the daemon has not heard from its Redis")

	server.Restart(t)
	there := []string{"REDIS_URL=" + server.URL()}
	daemon.eventually(func() string { return said(t, there, "explain", "key-1", "n") }, "suspended")
	daemon.eventually(func() string { return said(t, there, "client", "show", "key-3") }, "exit code: 0")
}

// TestAnIDIsOneIDWhateverItLooksLike goes through a daemon, to which IDs travel in a path.
func TestAnIDIsOneIDWhateverItLooksLike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{".", "..", "...", "a/b", "//", "a%2Fb", "a b", "ü", "?a=1#b", "+"} {
		succeeds(t, w.http, "client", "register", id, "--provider", "p", "--models", id)
		for _, args := range [][]string{
			{"suspend", id, id, "--reason", "r"}, {"explain", id, id}, {"model", "show", id}, {"client", "show", id}, {"resume", id, id},
		} {
			if text := said(t, w.http, args...); !strings.HasSuffix(text, "exit code: 0\n") || !strings.Contains(text, id) ||
				strings.Contains(text, "suspended") == (args[0] == "resume") && args[0] != "client" {
				t.Error(text)
			}
		}
		succeeds(t, w.http, "client", "unregister", id)
		if text := said(t, w.redis, "client", "show", id); !strings.HasSuffix(text, "exit code: 1\n") {
			t.Errorf("it is still there: %s", text)
		}
	}
}

// TestWhatIsNoDaemon: other servers, and paths beside the API, are not taken for an answer.
func TestWhatIsNoDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	redirects := httptest.NewServer(http.RedirectHandler(w.daemon.base+"/api/v1/clients", http.StatusFound))
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	t.Cleanup(redirects.Close)
	t.Cleanup(pages.Close)
	var all []string
	for _, base := range []string{redirects.URL, pages.URL, w.daemon.base + "/v1"} {
		for _, args := range [][]string{{"clients"}, {"explain", "key-1", "gpt-5"}, {"client", "evict", "key-1"}, {"watch"}} {
			all = append(all, said(t, w.http, append(args, "--server", base)...))
		}
	}
	holdGolden(t, filepath.Join("daemon", "none"), strings.Join(all, "\n"))
}

// TestVerbsSpeakHTTPS, with a certificate that must be trusted, and with a token from a file.
func TestVerbsSpeakHTTPS(t *testing.T) {
	t.Parallel()
	files := redistls.NewAuthority(t).Files(t, time.Now().Add(time.Hour))
	dir := t.TempDir()
	settings, token := filepath.Join(dir, "settings.yaml"), filepath.Join(dir, "token")
	must(t, os.WriteFile(settings, []byte("clients: [{id: key-1, provider: p, models: [m]}]\n"), 0o600))
	must(t, os.WriteFile(token, []byte(writeToken+"\n"), 0o600))
	env := []string{"REDIS_URL=" + redistest.Shared(t).URL(), "ROLLCALL_NAMESPACE=" + redistest.Namespace(t), "ROLLCALL_TOKENS=ops:write:" + writeToken}
	daemon := serve(t, env, "--config", settings, "--listen-tls-cert-file", files.Cert, "--listen-tls-key-file", files.Key)
	way := []string{"--server", strings.Replace(daemon.base, "http://", "https://", 1), "--token-file", token}
	trusting := append(way, "--tls-ca-file", files.CA)
	if text := said(t, nil, append([]string{"suspend", "key-1", "m", "--reason", "r"}, trusting...)...); !strings.Contains(text, "set by  ops\n") {
		t.Error(text)
	}
	watch := watch(t, nil, trusting...)
	watch.until("synced")
	if text := said(t, nil, append([]string{"models"}, way...)...); !strings.Contains(text, "Try: give --tls-ca-file ") ||
		!strings.HasSuffix(text, "exit code: 3\n") {
		t.Errorf("without the authority: %s", text)
	}
	if text := said(t, nil, "models", "--server", daemon.base); !strings.HasSuffix(text, "exit code: 1\n") {
		t.Errorf("without TLS: %s", text)
	}
}
