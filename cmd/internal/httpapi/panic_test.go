package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	logtest "github.com/sirupsen/logrus/hooks/test"
)

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	log, hook := logtest.NewNullLogger()
	a := &API{log: log, mux: http.NewServeMux(), foreign: http.NewCrossOriginProtection()}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begun" {
			w.WriteHeader(http.StatusOK)
		}
		panic("oh no")
	})
	serve := func(path string) (w *httptest.ResponseRecorder, reason any) {
		defer func() { reason = recover() }()
		w = httptest.NewRecorder()
		w.Header().Set(headerRequestID, "req-1")
		a.serve(&observed{ResponseWriter: w}, httptest.NewRequest("GET", path, nil))
		return w, nil
	}
	w, _ := serve("/")
	const want = `{"error":{"message":"the request failed; the log has more under its request ID","type":"server_error","code":"internal_error"}}`
	if got := strings.TrimSpace(w.Body.String()); w.Code != 500 || got != want {
		t.Errorf("%d %s", w.Code, got)
	}
	if e := hook.LastEntry(); e == nil || e.Data["request_id"] != "req-1" || !strings.Contains(e.Message, "oh no") ||
		!strings.Contains(e.Message, "panic_test.go") {
		t.Errorf("logged %+v", e)
	}
	if _, reason := serve("/begun"); reason != http.ErrAbortHandler {
		t.Errorf("an answer that has begun ends with %v, want the connection cut", reason)
	}
}
