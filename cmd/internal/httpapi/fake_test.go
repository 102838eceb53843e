package httpapi_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
)

// TestMain leaves UTC, which many test machines are on.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("elsewhere", 7*60*60)
	os.Exit(m.Run())
}

// fake is a registry of fixed answers.
type fake struct {
	lists  map[string][]map[string]any // by handler type
	health registry.Health
}

func (f *fake) GetAvailableModels(handlerType string) []map[string]any {
	list := []map[string]any{}
	for _, fields := range f.lists[handlerType] {
		list = append(list, maps.Clone(fields))
	}
	return list
}

func (f *fake) Health() registry.Health { return f.health }

// newAPI returns an API over a fake that knows the models as IDs in each format.
func newAPI(ids ...string) (*httpapi.API, *fake) {
	f := &fake{lists: map[string][]map[string]any{}}
	for _, id := range ids {
		f.lists["openai"] = append(f.lists["openai"], map[string]any{"id": id, "object": "model", "owned_by": "o"})
		f.lists["claude"] = append(f.lists["claude"], map[string]any{"id": id, "object": "model", "owned_by": "o"})
		f.lists["gemini"] = append(f.lists["gemini"], map[string]any{"name": id})
	}
	return httpapi.New(f, silent()), f
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
