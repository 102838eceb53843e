package quotasignal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// TestRetryAfter: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after, and the milliseconds that Azure sends:
// https://learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	check(t, "p", []signal{
		{"seconds", 429, "Retry-After: 120", "", "retry_after, 2m0s, p: rate limit"},
		{"parts of a second", 429, "Retry-After: 1.25", "", "retry_after, 1.25s, p: rate limit"},
		{"a date", 429, "Retry-After: Fri, 01 May 2026 13:00:00 GMT", "", "provider_reset, 2026-05-01T13:00:00Z, p: rate limit"},
		{"a date that is over", 429, "Retry-After: Fri, 01 May 2026 12:00:00 GMT", "", "heuristic, p: rate limit"},
		{"milliseconds", 429, "retry-after-ms: 1500", "", "retry_after, 1.5s, p: rate limit"},
		{"milliseconds before seconds", 429, "retry-after: 2\nretry-after-ms: 1500", "", "retry_after, 1.5s, p: rate limit"},
		{"milliseconds that are none", 429, "retry-after: 2\nretry-after-ms: soon", "", "retry_after, 2s, p: rate limit"},
		{"no milliseconds", 429, "retry-after: 2\nretry-after-ms: 0", "", "retry_after, 2s, p: rate limit"},
		{"nothing", 429, "Retry-After: 0", "", "heuristic, p: rate limit"},
		{"less than nothing", 429, "Retry-After: -5", "", "heuristic, p: rate limit"},
		{"a year", 429, "Retry-After: 31536000", "", "retry_after, 8760h0m0s, p: rate limit"},
		{"three years", 429, "Retry-After: 94608000", "", "heuristic, p: rate limit"},
		{"more than there is", 429, "Retry-After: 99999999999999999999999999", "", "heuristic, p: rate limit"},
		{"three years as a date", 429, "Retry-After: Tue, 01 May 2029 12:00:00 GMT", "", "heuristic, p: rate limit"},
		{"no number", 429, "Retry-After: NaN", "", "heuristic, p: rate limit"},
		{"hexadecimal", 429, "Retry-After: 0x10", "", "heuristic, p: rate limit"},
		{"minutes", 429, "Retry-After: 5m", "", "heuristic, p: rate limit"},
		{"an exponent", 429, "Retry-After: 1e3", "", "heuristic, p: rate limit"},
		{"a three-year reset before one", 429, "x-ratelimit-reset-requests: 1096d\nx-ratelimit-remaining-requests: 0\nRetry-After: 3", "",
			"retry_after, 3s, p: requests limit"},
		{"a value that is too long", 429, "Retry-After: " + strings.Repeat("0", 200) + "7", "", "heuristic, p: rate limit"},
	})
}

// TestFieldNames: a caller may have kept the names as they came; where both are there the canonical one counts.
func TestFieldNames(t *testing.T) {
	t.Parallel()
	for _, head := range []http.Header{
		{"retry-after": {"7"}}, {"RETRY-AFTER": {"7"}}, {"Retry-After": {"7"}}, {"retry-after": {"9"}, "Retry-After": {"7"}},
	} {
		limit, ok := quotasignal.FromResponse("p", 429, head, nil, noon)
		if got := summary(limit, ok); got != "retry_after, 7s, p: rate limit" {
			t.Errorf("%v: %s", head, got)
		}
	}
}

// TestRateLimitHeaders: the reset of the limit that was hit counts, not the largest.
//
// https://platform.openai.com/docs/guides/rate-limits, "Rate limits in headers", has 1s and 6m0s;
// https://console.groq.com/docs/rate-limits has 2m59.56s for requests per day and 7.66s for tokens per minute;
// https://openrouter.ai/docs/api_reference/limits has a plain X-RateLimit-Reset in milliseconds since 1970.
// Seconds, 0 and -1 are from Azure: https://learn.microsoft.com/answers/questions/5625878.
func TestRateLimitHeaders(t *testing.T) {
	t.Parallel()
	const both = "x-ratelimit-reset-requests: 1s\nx-ratelimit-reset-tokens: 6m0s\n"
	check(t, "openai", []signal{
		{"requests", 429, both + "x-ratelimit-remaining-requests: 0\nx-ratelimit-remaining-tokens: 149984", "",
			"retry_after, 1s, openai: requests limit"},
		{"tokens", 429, both + "x-ratelimit-remaining-requests: 59\nx-ratelimit-remaining-tokens: 0", "",
			"retry_after, 6m0s, openai: tokens limit"},
		{"both", 429, both + "x-ratelimit-remaining-requests: 0\nx-ratelimit-remaining-tokens: 0", "",
			"retry_after, 6m0s, openai: tokens limit"},
		{"tokens that did not suffice", 429, both + "x-ratelimit-remaining-requests: 59\nx-ratelimit-remaining-tokens: 700",
			`{"error":{"message":"Request too large","type":"tokens","code":"rate_limit_exceeded"}}`,
			"retry_after, 6m0s, openai: tokens limit"},
		{"neither", 429, both + "x-ratelimit-remaining-requests: 59\nx-ratelimit-remaining-tokens: 700", "",
			"heuristic, openai: rate limit"},
		{"not told", 429, both, "", "retry_after, 1s, openai: requests limit"},
		{"Retry-After is sooner than full", 429, both + "x-ratelimit-remaining-tokens: 0\nRetry-After: 2", "",
			"retry_after, 2s, openai: tokens limit"},
		{"Groq", 429, "x-ratelimit-reset-requests: 2m59.56s\nx-ratelimit-reset-tokens: 7.66s\nx-ratelimit-remaining-requests: 14370\n" +
			"x-ratelimit-remaining-tokens: 0", "", "retry_after, 7.66s, openai: tokens limit"},
		{"milliseconds", 429, "x-ratelimit-reset-requests: 20ms\nx-ratelimit-remaining-requests: 0", "",
			"retry_after, 20ms, openai: requests limit"},
		{"days", 429, "x-ratelimit-reset-tokens: 1d2h\nx-ratelimit-remaining-tokens: 0", "", "retry_after, 26h0m0s, openai: tokens limit"},
		{"Azure's seconds", 429, "x-ratelimit-reset-tokens: 42\nx-ratelimit-remaining-tokens: 0", "",
			"retry_after, 42s, openai: tokens limit"},
		{"Azure does not know", 429, "x-ratelimit-reset-tokens: 0\nx-ratelimit-remaining-tokens: -1\nx-ratelimit-reset-requests: 9", "",
			"retry_after, 9s, openai: requests limit"},
		{"seconds since 1970", 429, "x-ratelimit-reset-requests: 1777640400\nx-ratelimit-remaining-requests: 0", "",
			"provider_reset, 2026-05-01T13:00:00Z, openai: requests limit"},
		{"milliseconds since 1970", 429, "X-RateLimit-Limit: 50\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1777640400000", "",
			"provider_reset, 2026-05-01T13:00:00Z, openai: rate limit"},
		{"a reset that is over", 429, "x-ratelimit-reset-requests: 1777636800\nx-ratelimit-remaining-requests: 0", "",
			"heuristic, openai: requests limit"},
		{"a sign", 429, "x-ratelimit-reset-requests: -1s\nx-ratelimit-remaining-requests: 0", "", "heuristic, openai: requests limit"},
		{"a plus", 429, "x-ratelimit-reset-requests: +1s\nx-ratelimit-remaining-requests: 0", "", "heuristic, openai: requests limit"},
		{"too long beside one that is not", 429, both + "x-ratelimit-reset-days: 400d\nx-ratelimit-remaining-days: 0\n" +
			"x-ratelimit-reset-eras: 9999999999999\nx-ratelimit-remaining-eras: 0\nx-ratelimit-remaining-requests: 0", "",
			"retry_after, 1s, openai: requests limit"},
		{"too long and not told", 429, both + "x-ratelimit-reset-days: 400d", "", "retry_after, 1s, openai: requests limit"},
		{"more than there are", 429, "x-ratelimit-reset-requests: 500d2562047h\nx-ratelimit-remaining-requests: 0", "",
			"heuristic, openai: requests limit"},
		{"too many days", 429, "x-ratelimit-reset-requests: 999d\nx-ratelimit-remaining-requests: 0", "",
			"heuristic, openai: requests limit"},
	})
}

// TestEqualResets: which limit is named does not hang on the order of a map.
func TestEqualResets(t *testing.T) {
	t.Parallel()
	head := header(t, "x-ratelimit-reset-a: 1s\nx-ratelimit-reset-b: 1s\nx-ratelimit-reset-c: 1s\n"+
		"x-ratelimit-remaining-a: 0\nx-ratelimit-remaining-b: 0\nx-ratelimit-remaining-c: 0")
	for range 100 {
		limit, ok := quotasignal.FromResponse("p", 429, head, nil, noon)
		if got := summary(limit, ok); got != "retry_after, 1s, p: c limit" {
			t.Fatal(got)
		}
	}
}
