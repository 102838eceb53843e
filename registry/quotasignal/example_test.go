package quotasignal_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// A Claude subscription has used up its five hours; its week is not gone. The wait in Retry-After is the same moment,
// rounded, so the moment counts.
func ExampleFromResponse() {
	now := time.Date(2026, 3, 25, 20, 25, 5, 0, time.UTC)
	header := http.Header{}
	header.Set("anthropic-ratelimit-unified-status", "rejected")
	header.Set("anthropic-ratelimit-unified-5h-status", "rejected")
	header.Set("anthropic-ratelimit-unified-5h-reset", "1774472400")
	header.Set("anthropic-ratelimit-unified-7d-status", "allowed")
	header.Set("anthropic-ratelimit-unified-7d-reset", "1774580400")
	header.Set("retry-after", "2094")
	body := []byte(`{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit."}}`)

	limit, ok := quotasignal.FromResponse("claude", http.StatusTooManyRequests, header, body, now)
	fmt.Println(ok, limit.Source, limit.Until.Format(time.RFC3339))
	fmt.Println(limit.Reason)
	// Output:
	// true provider_reset 2026-03-25T21:00:00Z
	// claude: 5h limit
}

// A rate limit that says how long to wait, an overload that is no quota at all, and a 429 that says nothing: the
// registry's default window applies to that.
func ExampleFromResponse_otherAnswers() {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	gemini := []byte(`[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
		{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.074824224s"}]}}]`)
	limit, ok := quotasignal.FromResponse("gemini", 429, nil, gemini, now)
	fmt.Println(ok, limit.Source, limit.RetryAfter)

	overloaded := []byte(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)
	_, ok = quotasignal.FromResponse("claude", 529, http.Header{"Retry-After": {"5"}}, overloaded, now)
	fmt.Println(ok)

	limit, ok = quotasignal.FromResponse("openai", 429, nil, nil, now)
	fmt.Println(ok, limit.Source, limit.RetryAfter, limit.Until.IsZero())
	// Output:
	// true retry_after 34.074824224s
	// false
	// true heuristic 0s true
}
