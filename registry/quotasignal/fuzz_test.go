package quotasignal_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// FuzzFromResponse: whatever comes, there is no panic, a 429 is a signal, and a limit is one that the registry takes: a
// deadline of one kind, after now, with the source that goes with it, and a short reason. The same answer is always
// read the same way.
func FuzzFromResponse(f *testing.F) {
	for _, status := range []int{200, 400, 403, 429, 503, 529} {
		f.Add("claude", status, "Retry-After", "7", "Anthropic-Ratelimit-Unified-5h-Status", "rejected", []byte(`{"error":{"type":"billing_error"}}`))
		f.Add("", status, "x-ratelimit-reset-requests", "1d2h3m4.5s", "x-ratelimit-remaining-requests", "0", []byte("data: {\"error\":\"x\"}\n"))
		f.Add("openai", status, "X-Ratelimit-Reset", "1777640400000", "Retry-After-Ms", "1.5", []byte(`[{"error":{"message":"{\"error\":{}}"}}]`))
		f.Add("gemini", status, "anthropic-ratelimit-tokens-reset", "2026-05-01T13:00:00Z", "a", "b",
			[]byte(google("retry in 5s 5s", violation("PerDay"), retryInfo("34.07s"))))
		f.Add("codex", status, "Retry-After", "Fri, 01 May 2026 13:00:00 GMT", "anthropic-ratelimit-unified-representative-claim", "five_hour",
			[]byte(`{"error":{"code":"usage_limit_reached","resets_at":1777640400,"resets_in_seconds":9e9}}`))
		f.Add("claude", status, "anthropic-ratelimit-unified-5h-reset", "1777640400", "anthropic-ratelimit-unified-7d-reset", "1777983000", []byte(nil))
	}
	f.Fuzz(func(t *testing.T, provider string, status int, name1, value1, name2, value2 string, body []byte) {
		head := http.Header{name1: {value1}, name2: {value2}}
		before := bytes.Clone(body)
		limit, ok := quotasignal.FromResponse(provider, status, head, body, noon)
		if !bytes.Equal(body, before) {
			t.Error("the body was changed")
		}
		if again, same := quotasignal.FromResponse(provider, status, head, body, noon); again != limit || same != ok {
			t.Errorf("read as %+v, then as %+v", limit, again)
		}
		if !ok {
			if limit != (registry.QuotaLimit{}) || status == http.StatusTooManyRequests {
				t.Errorf("no signal: %d, %+v", status, limit)
			}
			return
		}
		sources := map[registry.QuotaSource]bool{
			registry.SourceHeuristic:     limit.RetryAfter == 0 && limit.Until.IsZero(),
			registry.SourceRetryAfter:    limit.RetryAfter > 0 && limit.Until.IsZero(),
			registry.SourceProviderReset: limit.RetryAfter == 0 && limit.Until.After(noon),
		}
		if !sources[limit.Source] {
			t.Errorf("%+v", limit)
		}
		if most := 366 * 24 * time.Hour; limit.RetryAfter > most || limit.Until.After(noon.Add(most)) {
			t.Errorf("far off: %+v", limit)
		}
		if len(limit.Reason) > 256 || !utf8.ValidString(limit.Reason) || strings.ContainsAny(limit.Reason, "\n\r\x00") {
			t.Errorf("reason %q", limit.Reason)
		}
	})
}

// TestHugeBodies: a body of any size costs what its first 256 KiB cost, and is read no further.
func TestHugeBodies(t *testing.T) {
	t.Parallel()
	const wait = `{"error":{"type":"rate_limit_error","message":"try again in 5s"}}`
	for what, c := range map[string]struct {
		body string
		want string
	}{
		"nested":                 {strings.Repeat(`[`, 1<<20), "heuristic, p: rate limit"},
		"nested objects":         {strings.Repeat(`{"error":`, 1<<17), "heuristic, p: rate limit"},
		"a long message":         {`{"error":{"message":"` + strings.Repeat("retry in 1x ", 20000) + `"}}`, "heuristic, p: rate limit"},
		"a long document":        {`{"pad":"` + strings.Repeat("x", 1<<18) + `",` + wait[1:], "heuristic, p: rate limit"},
		"a shorter one":          {`{"pad":"` + strings.Repeat("x", 1<<17) + `",` + wait[1:], "retry_after, 5s, p: rate limit"},
		"early in a long stream": {"data: " + wait + "\n" + strings.Repeat("data: {}\n", 1<<17), "retry_after, 5s, p: rate limit"},
		"late in a long stream":  {strings.Repeat("data: {}\n", 1<<17) + "data: " + wait, "heuristic, p: rate limit"},
		"many errors":            {strings.Repeat("data: {\"error\":{}}\n", 1<<17), "heuristic, p: rate limit"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			limit, ok := quotasignal.FromResponse("p", 429, nil, []byte(c.body), noon)
			if got := summary(limit, ok); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
