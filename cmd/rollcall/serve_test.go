package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func example(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleServesItsModelsWithoutARedis(t *testing.T) {
	t.Parallel()
	d := serve(t, nil, "--config", example(t))
	const want = "claude-haiku-4-5 claude-sonnet-4-5 gemini-2.5-flash gemini-2.5-pro gpt-5 gpt-5-mini"
	if got := d.ids(); got != want {
		t.Errorf("/v1/models has %s\nwant %s", got, want)
	}
	for path, part := range map[string]string{
		"/v1/models":                  `{"context_length":200000,"created":1759104000,"display_name":"Claude Sonnet 4.5","id":"claude-sonnet-4-5","max_completion_tokens":64000,"object":"model","owned_by":"anthropic","type":"claude"}`,
		"/v1beta/models":              `"name":"models/gemini-2.5-pro"`,
		"/v1beta/models?pageSize=200": `{"name":"models/gpt-5-mini"}`,
		"/healthz":                    `{"status":"ok"}`,
	} {
		if status, body := d.get(path); status != 200 || !strings.Contains(body, part) {
			t.Errorf("%s answers %d\n%s\nwithout %s", path, status, body, part)
		}
	}
	d.eventually(d.readiness, `200 {"status":"ok","redis":"ok",`) // on a busy machine it may be away for a moment
	_, body := d.get("/v1/models?limit=1", "anthropic-version", "2023-06-01")
	if want := `{"data":[{"type":"model","id":"claude-haiku-4-5","display_name":"Claude Haiku 4.5","created_at":"2025-10-15T00:00:00Z"}],` +
		`"has_more":true,"first_id":"claude-haiku-4-5","last_id":"claude-haiku-4-5"}`; strings.TrimSpace(body) != want {
		t.Errorf("Anthropic's list is\n%s\nwant\n%s", body, want)
	}
	if n := strings.Count(d.output.String(), "embedded"); n != 1 {
		t.Errorf("the embedded Redis is named in %d log lines, want one", n)
	}
}

var stalled = regexp.MustCompile(`"` + stall)

// warned says whether a daemon's log has warnings, but for those of a busy machine.
func warned(log string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"level":"warning"`) && !stalled.MatchString(line) {
			return true
		}
	}
	return false
}

func TestReadinessSaysWhatTheViewKnows(t *testing.T) {
	t.Parallel()
	d := serve(t, nil, "--config", example(t))
	var body string
	d.eventually(func() string { // on a busy machine it may be stale for a moment
		_, body = d.get("/readyz")
		return body
	}, `"stale":false`)
	var ready struct {
		Status, Redis, Position string
		Age                     *float64 `json:"view_age_seconds"`
		Replicas                int
		Stale, Settling         *bool
	}
	if err := json.Unmarshal([]byte(body), &ready); err != nil {
		t.Fatal(err)
	}
	if ready.Replicas != 1 || ready.Position == "" || ready.Age == nil || *ready.Age < 0 ||
		ready.Stale == nil || ready.Settling == nil {
		t.Errorf("readiness: %s", body)
	}
}

func TestSignalStopsCleanly(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		d := serve(t, nil, "--config", example(t))
		d.signal(signal)
		if code := d.exitCode(); code != 0 {
			t.Errorf("%v: exit code %d", signal, code)
		}
		if out := d.output.String(); !strings.Contains(out, `"msg":"stopped"`) || warned(out) {
			t.Errorf("%v: the log is\n%s", signal, out)
		}
	}
}

func TestDrainingEndsReadinessAndNotTheLists(t *testing.T) {
	t.Parallel()
	d := serve(t, nil, "--config", example(t), "--drain-time", "5m")
	d.signal(syscall.SIGTERM)
	d.await("shutting down")
	if status, body := d.get("/readyz"); status != 503 || strings.TrimSpace(body) != `{"status":"shutting_down"}` {
		t.Errorf("readiness while draining: %d %s", status, body)
	}
	if status, _ := d.get("/v1/models"); status != 200 {
		t.Errorf("the list while draining: %d", status)
	}

	again := time.NewTicker(100 * time.Millisecond) // the second signal ends it; one soon after the first is an echo
	defer again.Stop()
	for ended := false; !ended; {
		select {
		case <-again.C:
			d.signal(syscall.SIGTERM)
		case <-d.exited:
			ended = true
		}
	}
	if code := d.exitCode(); code != 1 || strings.Contains(d.output.String(), `"msg":"stopped"`) {
		t.Errorf("after the second signal: exit code %d; the log is\n%s", code, d.output)
	}
}

func TestDrainingHasAnEnd(t *testing.T) {
	t.Parallel()
	d := serve(t, nil, "--config", example(t), "--drain-time", "10ms")
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestCatalogueIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("models.json", `{"s": [{"id": "old"}]}`)
	put("settings.yaml", "catalogue: models.json\nclients:\n  - {id: c, provider: p, section: s}\n")
	d := serve(t, nil, "--config", filepath.Join(dir, "settings.yaml"))
	if got := d.ids(); got != "old" {
		t.Fatalf("listed %s", got)
	}
	put("new.json", `{"s": [{"id": "new"}]}`)
	if err := os.Rename(filepath.Join(dir, "new.json"), filepath.Join(dir, "models.json")); err != nil {
		t.Fatal(err)
	}
	d.await("registered with the changed catalogue")
	if got := d.ids(); got != "new" {
		t.Errorf("after the change: listed %s", got)
	}
}
