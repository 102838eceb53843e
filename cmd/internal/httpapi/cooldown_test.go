package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCooldownIsToldInWholeSeconds(t *testing.T) {
	t.Parallel()
	recovery := time.Date(2026, 3, 1, 10, 0, 33, 1, time.FixedZone("elsewhere", 3600))
	w := httptest.NewRecorder()
	writeCooldown(w, "a/b", recovery, 33*time.Second+time.Nanosecond)
	const want = `{"error":{"message":"all clients of model a/b are cooling down; the first is back in 34 s","type":"rate_limit_error",` +
		`"code":"model_cooldown","model":"a/b","reset_seconds":34,"reset_time":"2026-03-01T09:00:34Z"}}`
	if got := strings.TrimSpace(w.Body.String()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := w.Header().Get("Retry-After"); w.Code != 429 || got != "34" {
		t.Errorf("status %d, Retry-After %q", w.Code, got)
	}
}

func TestCooldownThatIsAboutToEndAsksForASecond(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	writeCooldown(w, "m", time.Now(), -time.Minute)
	if got := w.Header().Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestEveryStatusHasWordsInEachShape(t *testing.T) {
	t.Parallel()
	for status, want := range map[int][3]string{
		401: {`"type":"authentication_error","code":"invalid_api_key"`, `"type":"authentication_error"`, `"status":"UNAUTHENTICATED"`},
		403: {`"type":"permission_error","code":"forbidden"`, `"type":"permission_error"`, `"status":"PERMISSION_DENIED"`},
		409: {`"type":"invalid_request_error","code":"conflict"`, `"type":"invalid_request_error"`, `"status":"ABORTED"`},
		413: {`"type":"invalid_request_error","code":"request_too_large"`, `"type":"request_too_large"`, `"status":"INVALID_ARGUMENT"`},
		415: {`"code":"unsupported_media_type"`, `"type":"invalid_request_error"`, `"status":"INVALID_ARGUMENT"`},
		429: {`"type":"rate_limit_error","code":"rate_limit_exceeded"`, `"type":"rate_limit_error"`, `"status":"RESOURCE_EXHAUSTED"`},
		500: {`"type":"server_error","code":"internal_error"`, `"type":"api_error"`, `"status":"INTERNAL"`},
		503: {`"type":"server_error","code":"unavailable"`, `"type":"overloaded_error"`, `"status":"UNAVAILABLE"`},
		418: {`"type":"invalid_request_error"`, `"type":"invalid_request_error"`, `"status":"INVALID_ARGUMENT"`},
		504: {`"type":"server_error"`, `"type":"api_error"`, `"status":"INTERNAL"`},
	} {
		for i, form := range []shape{openAI, anthropic, gemini} {
			w := httptest.NewRecorder()
			form.writeError(w, status, "why")
			if got := w.Body.String(); w.Code != status || !strings.Contains(got, want[i]) || !strings.Contains(got, `"message":"why"`) {
				t.Errorf("%d: got %s, want %s", status, got, want[i])
			}
		}
	}
}
