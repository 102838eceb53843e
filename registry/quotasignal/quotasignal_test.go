package quotasignal_test

import (
	"bufio"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// noon is when the answers of the tests came; in seconds since 1970 it is 1777636800.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// signal is an answer and what it must be read as.
type signal struct {
	what   string
	status int
	header string // lines, as they came
	body   string
	want   string // see summary
}

// check reads each answer as one of a provider.
func check(t *testing.T, provider string, signals []signal) {
	t.Helper()
	for _, s := range signals {
		t.Run(s.what, func(t *testing.T) {
			t.Parallel()
			limit, ok := quotasignal.FromResponse(provider, s.status, header(t, s.header), []byte(s.body), noon)
			if got := summary(limit, ok); got != s.want {
				t.Errorf("got  %s\nwant %s", got, s.want)
			}
		})
	}
}

// header makes a header of lines.
func header(t *testing.T, lines string) http.Header {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		text.WriteString(strings.TrimSpace(line) + "\r\n")
	}
	made, err := textproto.NewReader(bufio.NewReader(strings.NewReader(text.String() + "\r\n"))).ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	return http.Header(made)
}

// summary writes a result as "source, deadline, reason"; the deadline is left out where there is none.
func summary(limit registry.QuotaLimit, ok bool) string {
	if !ok {
		return "none"
	}
	parts := []string{string(limit.Source)}
	if !limit.Until.IsZero() {
		parts = append(parts, limit.Until.Format(time.RFC3339Nano))
	}
	if limit.RetryAfter != 0 {
		parts = append(parts, limit.RetryAfter.String())
	}
	return strings.Join(append(parts, limit.Reason), ", ")
}

// TestStatus: a 429 is a signal whatever it says, the others are where they say so.
func TestStatus(t *testing.T) {
	t.Parallel()
	const forbidden = `{"error":{"message":"Country, region, or territory not supported","code":"unsupported_country_region_territory"}}`
	const limited = `{"error":{"type":"rate_limit_error","message":"Too many"}}`
	check(t, "p", []signal{
		{"429 with nothing", 429, "", "", "heuristic, p: rate limit"},
		{"429 with a page", 429, "", "<html><h1>Too many</h1>", "heuristic, p: rate limit"},
		{"429 with a wait", 429, "Retry-After: 7", "", "retry_after, 7s, p: rate limit"},
		{"200", 200, "Retry-After: 7\nx-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 1s", "{}", "none"},
		{"200, an error in a stream", 200, "Retry-After: 7", "event: error\ndata: " + limited + "\n\n", "heuristic, p: rate limit"},
		{"200, a text about errors", 200, "", `data: {"choices":[{"delta":{"content":"{\"error\":{\"type\":\"rate_limit_error\"}}"}}]}`, "none"},
		{"302", 302, "Retry-After: 7", limited, "none"},
		{"401", 401, "Retry-After: 7", limited, "none"},
		{"500", 500, "Retry-After: 7", limited, "none"},
		{"403 that forbids", 403, "Retry-After: 7", forbidden, "none"},
		{"403 about a rate", 403, "Retry-After: 7", limited, "retry_after, 7s, p: rate limit"},
		{"402 with nothing", 402, "Retry-After: 7", "", "none"},
		{"503 with nothing", 503, "Retry-After: 7", "", "none"},
		{"503 about a rate", 503, "Retry-After: 7", limited, "retry_after, 7s, p: rate limit"},
		{"529 with nothing", 529, "Retry-After: 7", "", "none"},
		{"400 about a rate", 400, "Retry-After: 7", limited, "none"},
	})
}

// TestReason: the provider stands in it as far as it is text, and nothing of the body does.
func TestReason(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]string{
		"":                             "provider: rate limit",
		"a\n\xffb":                     "ab: rate limit",
		strings.Repeat("é", 500):       strings.Repeat("é", 64) + ": rate limit",
		"x" + strings.Repeat("é", 500): "x" + strings.Repeat("é", 63) + ": rate limit",
	} {
		limit, _ := quotasignal.FromResponse(provider, 429, nil, nil, noon)
		if limit.Reason != want {
			t.Errorf("%.20q: %q, want %q", provider, limit.Reason, want)
		}
	}
	secret := `{"error":{"type":"sk-secret","code":"sk-secret","message":"sk-secret"}}`
	head := http.Header{"X-Ratelimit-Reset-Sk-Secret!": {"1s"}, "Anthropic-Ratelimit-Unified-Representative-Claim": {"SK-SECRET"}}
	limit, _ := quotasignal.FromResponse("p", 429, head, []byte(secret), noon)
	if strings.Contains(strings.ToLower(limit.Reason), "secret") {
		t.Errorf("the reason is %q", limit.Reason)
	}
}
