package metrics_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/sirupsen/logrus"
	"go.yaml.in/yaml/v3"

	"github.com/rollcall-dev/rollcall/cmd/internal/metrics"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// scraped is what the metrics of a registry tell that has something to tell of everything: three clients of a model, one
// of each state, and a model whose clients all cool. In a bubble no call takes time, so none fails on a busy machine.
func scraped(t *testing.T) (families map[string]*dto.MetricFamily) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { families = scrape(t) })
	return families
}

func scrape(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	server, err := embedded.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	log := logrus.New()
	log.SetOutput(io.Discard)
	r, err := registry.New(t.Context(), server.Client(), registry.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	for client, models := range map[string][]string{"a": {"m"}, "b": {"m", "cold"}, "c": {"m"}} {
		var infos []*registry.ModelInfo
		for _, id := range models {
			infos = append(infos, &registry.ModelInfo{ID: id})
		}
		must(t, r.RegisterClient(t.Context(), client, "p", infos))
	}
	must(t, r.SetModelQuotaExceeded(t.Context(), "b", "m"))
	must(t, r.SetModelQuotaExceeded(t.Context(), "b", "cold"))
	must(t, r.SuspendClientModel(t.Context(), "c", "m", "key revoked"))

	m := metrics.New(r, func() float64 { return 3 })
	m.Answered("/v1/models", "GET", http.StatusOK, time.Millisecond)
	m.Answered("/api/v1/events", "GET", http.StatusOK, 0)
	m.Answered("", "BREW", http.StatusNotFound, time.Millisecond)
	answer := httptest.NewRecorder()
	m.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	must(t, err)
	return families
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMetricsDocument holds docs/metrics.md against what a scrape brings: names, types, labels, and no label for clients.
func TestMetricsDocument(t *testing.T) {
	t.Parallel()
	want := documented(t)
	got := map[string]string{}
	for name, family := range scraped(t) {
		if !strings.HasPrefix(name, "rollcall_") {
			continue
		}
		var labels []string
		for _, label := range family.Metric[0].Label {
			labels = append(labels, label.GetName())
		}
		slices.Sort(labels)
		got[name] = strings.ToLower(family.GetType().String()) + " " + strings.Join(labels, " ")
	}
	for name, kind := range want {
		if got[name] != kind {
			t.Errorf("%s: the page says %q, a scrape %q", name, kind, got[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not in docs/metrics.md", name)
		}
	}
}

// documented are type and labels, in order, of each metric in docs/metrics.md.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/metrics.md")
	must(t, err)
	metrics := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(rollcall_\\w+)` \\| (\\w+) \\|([^|]*)\\|").FindAllStringSubmatch(string(page), -1) {
		labels := regexp.MustCompile(`\w+`).FindAllString(row[3], -1)
		slices.Sort(labels)
		metrics[row[1]] = row[2] + " " + strings.Join(labels, " ")
	}
	if len(metrics) < 20 {
		t.Fatalf("docs/metrics.md has %d rows that can be read", len(metrics))
	}
	return metrics
}

func TestValues(t *testing.T) {
	t.Parallel()
	families := scraped(t)
	value := func(name string, labels ...string) float64 {
		for _, metric := range families[name].GetMetric() {
			has := map[string]string{}
			for _, label := range metric.Label {
				has[label.GetName()] = label.GetValue()
			}
			matches := true
			for i := 0; i < len(labels); i += 2 {
				matches = matches && has[labels[i]] == labels[i+1]
			}
			if matches {
				return metric.GetGauge().GetValue() + metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
			}
		}
		t.Errorf("there is no %s of %v", name, labels)
		return -1
	}
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"rollcall_models", nil, 2},
		{"rollcall_models_available", nil, 1},
		{"rollcall_providers", []string{"model", "m", "provider", "p", "state", "available"}, 1},
		{"rollcall_providers", []string{"model", "m", "provider", "p", "state", "cooling"}, 1},
		{"rollcall_providers", []string{"model", "m", "provider", "p", "state", "suspended"}, 1},
		{"rollcall_providers", []string{"model", "cold", "provider", "p", "state", "cooling"}, 1},
		{"rollcall_cooled_down_total", nil, 2},
		{"rollcall_redis_connected", nil, 1},
		{"rollcall_replicas", nil, 1},
		{"rollcall_script_duration_seconds", []string{"script", "register"}, 3},
		{"rollcall_resyncs_total", []string{"reason", "gap"}, 0},
		{"rollcall_redis_failures_total", []string{"class", "timeout"}, 0},
		{"rollcall_http_event_streams", nil, 3},
		{"rollcall_http_requests_total", []string{"route", "/v1/models", "method", "GET", "code", "200"}, 1},
		{"rollcall_http_requests_total", []string{"route", "/", "method", "other", "code", "404"}, 1},
		{"rollcall_http_request_duration_seconds", []string{"route", "/v1/models"}, 1},
	} {
		if got := value(c.name, c.labels...); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if left := value("rollcall_cooldown_remaining_seconds", "model", "cold"); left != 300 {
		t.Errorf("it takes %v s, want 300", left)
	}
	if n := len(families["rollcall_cooldown_remaining_seconds"].Metric); n != 1 {
		t.Errorf("%d models cool, want 1: the other can be served", n)
	}
	if n := len(families["rollcall_http_request_duration_seconds"].Metric); n != 2 {
		t.Errorf("%d routes have durations, want 2: streams have none", n)
	}
}

// TestWhatReadsMetricsUsesThoseThereAre holds alert rules and dashboard against docs/metrics.md, and the advice in
// docs/operations.md against the alerts.
func TestWhatReadsMetricsUsesThoseThereAre(t *testing.T) {
	t.Parallel()
	known := documented(t)
	uses := func(where, expression string) {
		found := regexp.MustCompile(`rollcall_\w+`).FindAllString(expression, -1)
		if len(found) == 0 {
			t.Errorf("%s: %q uses no metric", where, expression)
		}
		for _, name := range found {
			base := name
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if trimmed := strings.TrimSuffix(name, suffix); strings.HasPrefix(known[trimmed], "histogram") {
					base = trimmed
				}
			}
			if _, ok := known[base]; !ok {
				t.Errorf("%s uses %s, which does not exist", where, name)
			}
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	text, err := os.ReadFile("../../../docs/alerts.yml")
	must(t, err)
	must(t, yaml.Unmarshal(text, &rules))
	advice, err := os.ReadFile("../../../docs/operations.md")
	must(t, err)
	var alerts []string
	for _, rule := range rules.Groups[0].Rules {
		uses(rule.Alert, rule.Expr)
		alerts = append(alerts, rule.Alert)
		if !strings.Contains(string(advice), "\n| `"+rule.Alert+"` |") {
			t.Errorf("docs/operations.md has no row for %s", rule.Alert)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(Rollcall\\w+)` \\|").FindAllStringSubmatch(string(advice), -1) {
		if !slices.Contains(alerts, row[1]) {
			t.Errorf("docs/operations.md has a row for %s, which docs/alerts.yml does not have", row[1])
		}
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err = os.ReadFile("../../../docs/grafana-dashboard.json")
	must(t, err)
	must(t, json.Unmarshal(text, &board))
	if len(board.Panels) == 0 {
		t.Error("the dashboard is empty")
	}
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			uses(panel.Title, target.Expr)
		}
	}
}
