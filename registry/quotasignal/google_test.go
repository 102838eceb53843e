package quotasignal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// google makes the error of a 429 with the given details.
func google(message string, details ...string) string {
	return `{"error":{"code":429,"message":"` + message + `","status":"RESOURCE_EXHAUSTED","details":[` +
		strings.Join(details, ",") + `]}}`
}

// retryInfo and violation are the details of
// https://cloud.google.com/apis/design/errors and https://github.com/google-gemini/gemini-cli/issues/8437.
func retryInfo(delay string) string {
	return `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"` + delay + `"}`
}

func violation(id string) string {
	return `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":` +
		`"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"` + id + `","quotaValue":"20"}]}`
}

// TestGemini: https://ai.google.dev/gemini-api/docs/rate-limits ("Requests per day (RPD) quotas reset at midnight
// Pacific time"); the short retryDelay beside a quota per day is in
// https://github.com/diegosouzapw/OmniRoute/issues/9504.
func TestGemini(t *testing.T) {
	t.Parallel()
	const perMinute = "GenerateContentInputTokensPerModelPerMinute-FreeTier"
	const perDay = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
	const message = `You exceeded your current quota, please check your plan and billing details.\nPlease retry in 34.07s.`
	check(t, "gemini", []signal{
		{"per minute", 429, "", google(message, violation(perMinute), retryInfo("34.074824224s")),
			"retry_after, 34.074824224s, gemini: quota"},
		{"per day", 429, "", google(message, violation(perDay), retryInfo("36s")),
			"provider_reset, 2026-05-02T07:00:00Z, gemini: daily quota"},
		{"per day and per minute", 429, "", google(message, violation(perMinute), violation(perDay)),
			"provider_reset, 2026-05-02T07:00:00Z, gemini: daily quota"},
		{"per day, until when it says", 429, "", google(message, violation(perDay), retryInfo("7200s")),
			"retry_after, 2h0m0s, gemini: daily quota"},
		{"only the message", 429, "", google(message), "retry_after, 34.07s, gemini: rate limit"},
		{"nothing", 429, "", google("Resource exhausted. Please try again later."), "heuristic, gemini: rate limit"},
		{"in a streamed array", 429, "", "[" + google("", retryInfo("26s")) + "\n]\n", "retry_after, 26s, gemini: quota"},
		{"in an array after others", 429, "", `[1,null,{},` + google("", retryInfo("26s")) + `]`, "retry_after, 26s, gemini: quota"},
		{"in an array of an array", 429, "", "[[" + google("", retryInfo("26s")) + "]]", "heuristic, gemini: rate limit"},
		{"an array of texts", 429, "", `["try again in 5s"]`, "heuristic, gemini: rate limit"},
		{"in a stream", 429, "", "data: " + google("", retryInfo("900ms")), "retry_after, 900ms, gemini: quota"},
		{"in another error's message", 429, "", `{"error":{"message":"got status: 429. {\"error\":{\"code\":429,\"details\":[` +
			`{\"retryDelay\":\"26s\"}]}}","code":429,"status":"Too Many Requests"}}`, "retry_after, 26s, gemini: quota"},
		{"a delay that is over", 429, "", google("", retryInfo("0s")), "heuristic, gemini: rate limit"},
		{"a delay that is none", 429, "Retry-After: 8", google("", retryInfo("-1s")), "retry_after, 8s, gemini: rate limit"},
		{"details of another form", 429, "", `{"error":{"status":"RESOURCE_EXHAUSTED","details":[7,{"violations":"x","retryDelay":"5s"}]}}`,
			"retry_after, 5s, gemini: quota"},
		{"overloaded", 503, "", `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`, "none"},
		{"forbidden", 403, "", `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"Denied"}}`, "none"},
		{"403 about a rate", 403, "", `{"error":{"code":403,"errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded"}]}}`,
			"heuristic, gemini: rate limit"}, // https://developers.google.com/workspace/drive/api/guides/handle-errors
	})
}

// TestCodeAssist: Gemini CLI and Antigravity; https://github.com/google-gemini/gemini-cli/issues/29425 has the answer.
func TestCodeAssist(t *testing.T) {
	t.Parallel()
	info := func(metadata string) string {
		return `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"QUOTA_EXHAUSTED",` +
			`"domain":"cloudcode-pa.googleapis.com","metadata":{"uiMessage":"true"` + metadata + `}}`
	}
	check(t, "antigravity", []signal{
		{"the moment", 429, "", google("", info(`,"quotaResetTimeStamp":"2026-05-01T21:22:20Z","quotaResetDelay":"33740.9s"`),
			retryInfo("33740.910400305s")), "provider_reset, 2026-05-01T21:22:20Z, antigravity: quota"},
		{"the delay", 429, "", google("", info(`,"quotaResetDelay":"161h39m41.300432511s"`)),
			"retry_after, 161h39m41.300432511s, antigravity: quota"},
		{"a moment that is over", 429, "", google("", info(`,"quotaResetTimeStamp":"2026-05-01T11:00:00Z"`), retryInfo("9s")),
			"retry_after, 9s, antigravity: quota"},
		{"the message", 429, "", google("Your quota will reset after 18h31m10s.", info("")), "retry_after, 18h31m10s, antigravity: rate limit"},
		{"a daily limit", 429, "", google("", info(`,"quota_limit":"Gemini25ProRequestsPerDay"`)),
			"provider_reset, 2026-05-02T07:00:00Z, antigravity: daily quota"},
		{"no credits", 429, "", google("", strings.ReplaceAll(info(""), "QUOTA_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE"), retryInfo("9s")),
			"heuristic, antigravity: credit or spend limit"},
	})
}

// TestPacificMidnight: the day ends by the clock in Los Angeles, in winter and in summer and between them.
func TestPacificMidnight(t *testing.T) {
	t.Parallel()
	body := []byte(google("", violation("RequestsPerDay")))
	for now, want := range map[string]string{
		"2026-01-15T07:59:59Z": "2026-01-15T08:00:00Z",
		"2026-01-15T08:00:00Z": "2026-01-16T08:00:00Z",
		"2026-03-08T09:00:00Z": "2026-03-09T07:00:00Z", // a day of 23 hours
		"2026-07-01T06:59:59Z": "2026-07-01T07:00:00Z",
		"2026-12-31T20:00:00Z": "2027-01-01T08:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		limit, _ := quotasignal.FromResponse("gemini", 429, nil, body, at)
		if got := limit.Until.Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}
