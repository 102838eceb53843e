package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// patience bounds what takes milliseconds on an idle machine, so that a hang ends.
const patience = time.Minute

// TestMain leaves UTC, which many test machines are on.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("elsewhere", 7*60*60)
	os.Exit(redistest.Main(m))
}

// newAPI returns an API over a registry on a Redis of its own, with one client that supplies the models.
func newAPI(tb testing.TB, models ...*registry.ModelInfo) (*httpapi.API, *registry.ModelRegistry) {
	tb.Helper()
	r := newRegistry(tb)
	if len(models) > 0 {
		register(tb, r, "key-1", "p", models...)
	}
	return over(r), r
}

func newRegistry(tb testing.TB) *registry.ModelRegistry {
	tb.Helper()
	server, err := embedded.Start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = server.Close() }) // has no way to fail
	r, err := registry.New(tb.Context(), server.Client(), registry.Options{Logger: silent(), OperationTimeout: patience})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

func register(tb testing.TB, r *registry.ModelRegistry, client, provider string, models ...*registry.ModelInfo) {
	tb.Helper()
	if err := r.RegisterClient(tb.Context(), client, provider, models); err != nil {
		tb.Fatal(err)
	}
}

// named returns models of which nothing but the ID and the owner is known.
func named(ids ...string) []*registry.ModelInfo {
	var models []*registry.ModelInfo
	for _, id := range ids {
		models = append(models, &registry.ModelInfo{ID: id, OwnedBy: "o"})
	}
	return models
}

func silent() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

// call sends a request; headers come as name and value in turn.
func call(api http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// expect compares an answer byte for byte, but for the line's end.
func expect(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	if got := strings.TrimSuffix(w.Body.String(), "\n"); got != body {
		t.Errorf("body\n got %s\nwant %s", got, body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
}

// over returns the API of a daemon without tokens.
func over(r *registry.ModelRegistry) *httpapi.API {
	return httpapi.New(r, holds.New(r, r.Local(), nil, silent()), silent(), httpapi.Options{})
}
