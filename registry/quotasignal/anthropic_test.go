package quotasignal_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// TestAnthropicRates: https://platform.claude.com/docs/en/api/rate-limits, "Response headers".
func TestAnthropicRates(t *testing.T) {
	t.Parallel()
	const requests = `anthropic-ratelimit-requests-limit: 50
		anthropic-ratelimit-requests-remaining: 0
		anthropic-ratelimit-requests-reset: 2026-05-01T12:00:31Z
		anthropic-ratelimit-tokens-limit: 50000
		anthropic-ratelimit-tokens-remaining: 49500
		anthropic-ratelimit-tokens-reset: 2026-05-01T12:01:00Z
		`
	const output = `anthropic-ratelimit-requests-remaining: 12
		anthropic-ratelimit-requests-reset: 2026-05-01T12:09:00Z
		anthropic-ratelimit-input-tokens-remaining: 9000
		anthropic-ratelimit-input-tokens-reset: 2026-05-01T12:08:00Z
		anthropic-ratelimit-output-tokens-remaining: 0
		anthropic-ratelimit-output-tokens-reset: 2026-05-01T12:00:48Z
		`
	const body = `{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit."}}`
	check(t, "claude", []signal{
		{"requests", 429, requests, body, "provider_reset, 2026-05-01T12:00:31Z, claude: requests limit"},
		{"requests, and when to retry", 429, requests + "retry-after: 2", body, "retry_after, 2s, claude: requests limit"},
		{"output tokens", 429, output, body, "provider_reset, 2026-05-01T12:00:48Z, claude: output-tokens limit"},
		{"an acceleration limit", 429, "retry-after: 9", body, "retry_after, 9s, claude: rate limit"},
	})
}

// TestAnthropicWindows: the headers that Claude subscriptions get. Anthropic documents their meaning in Claude Code only;
// the shapes are those reported in https://github.com/anthropics/claude-code/issues/12829,
// https://github.com/router-for-me/CLIProxyAPI/pull/5033 and https://github.com/manaflow-ai/subrouter/pull/26.
func TestAnthropicWindows(t *testing.T) {
	t.Parallel()
	const resets = `anthropic-ratelimit-unified-5h-reset: 1777640400
		anthropic-ratelimit-unified-7d-reset: 1777983000
		`
	const fiveHours = resets + `anthropic-ratelimit-unified-status: rejected
		anthropic-ratelimit-unified-5h-status: rejected
		anthropic-ratelimit-unified-5h-utilization: 1.0
		anthropic-ratelimit-unified-7d-status: allowed
		anthropic-ratelimit-unified-7d-utilization: 0.59
		anthropic-ratelimit-unified-representative-claim: five_hour
		anthropic-ratelimit-unified-fallback-percentage: 0.5
		anthropic-ratelimit-unified-overage-disabled-reason: out_of_credits
		anthropic-ratelimit-unified-overage-status: rejected
		`
	check(t, "claude", []signal{
		{"five hours", 429, fiveHours + "retry-after: 3599", "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"seven days", 429, resets + "anthropic-ratelimit-unified-status: rejected\nanthropic-ratelimit-unified-5h-status: allowed\n" +
			"anthropic-ratelimit-unified-7d-status: rejected", "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"both", 429, resets + "anthropic-ratelimit-unified-5h-status: rejected\nanthropic-ratelimit-unified-7d-status: rejected", "",
			"provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"five hours by the claim", 429, resets + "anthropic-ratelimit-unified-representative-claim: five_hour", "",
			"provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"seven days by the claim", 429, resets + "anthropic-ratelimit-unified-status: rejected\n" +
			"anthropic-ratelimit-unified-representative-claim: seven_day", "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"one model's window, without its reset", 429, resets + "anthropic-ratelimit-unified-status: rejected\n" +
			"anthropic-ratelimit-unified-7d-status: allowed\nanthropic-ratelimit-unified-7d_oi-status: rejected\n" +
			"anthropic-ratelimit-unified-overage-status: rejected\nretry-after: 121180\n" +
			"anthropic-ratelimit-unified-representative-claim: seven_day_overage_included", "",
			"retry_after, 33h39m40s, claude: 7d_oi limit"},
		{"the claim of one model's window", 429, "anthropic-ratelimit-unified-7d_oi-reset: 1777640400\n" +
			"anthropic-ratelimit-unified-representative-claim: seven_day_overage_included", "",
			"provider_reset, 2026-05-01T13:00:00Z, claude: 7d_oi limit"},
		{"the common reset", 429, "anthropic-ratelimit-unified-status: rejected\nanthropic-ratelimit-unified-reset: 1777640400", "",
			"provider_reset, 2026-05-01T13:00:00Z, claude: subscription limit"},
		{"the claim before the others", 429, resets + "anthropic-ratelimit-unified-representative-claim: seven_day\n" +
			"anthropic-ratelimit-unified-5h-utilization: 1.0", "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"a claim without its reset", 429, resets + "anthropic-ratelimit-unified-representative-claim: seven_day_overage_included\n" +
			"anthropic-ratelimit-unified-reset: 1777640460", "", "provider_reset, 2026-05-01T13:01:00Z, claude: 7d_oi limit"},
		{"windows with room", 429, resets + "anthropic-ratelimit-unified-status: allowed_warning\n" +
			"anthropic-ratelimit-unified-representative-claim: seven_day\nretry-after: 4", "", "retry_after, 4s, claude: rate limit"},
		{"a reset that is over", 429, "anthropic-ratelimit-unified-5h-status: rejected\nretry-after: 4\n" +
			"anthropic-ratelimit-unified-5h-reset: 1777636799", "", "retry_after, 4s, claude: 5h limit"},
		{"rejected by 403", 403, fiveHours, "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"rejected by 529", 529, fiveHours, "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"403 while overage is paid for", 403, fiveHours + "anthropic-ratelimit-unified-overage-in-use: true", "", "none"},
		{"served while overage is paid for", 200, fiveHours, "", "none"},
		{"a bad request", 400, fiveHours, `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens"}}`, "none"},
	})
}

// TestAnthropicWindowsWithoutStatus: answers that list resets and leave statuses out. Utilization is a share, as in
// https://github.com/anthropics/claude-code/issues/12829; unified-reset is the moment of the representative claim's
// window, as in https://github.com/router-for-me/CLIProxyAPI/pull/5033.
func TestAnthropicWindowsWithoutStatus(t *testing.T) {
	t.Parallel()
	const u = "\nanthropic-ratelimit-unified-"
	const five, seven, common = u + "5h-reset: 1777640400", u + "7d-reset: 1777983000", u + "reset: 1777640460"
	check(t, "claude", []signal{
		{"five hours alone", 429, five, "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"seven days alone", 429, seven, "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"five hours alone, used up", 429, five + u + "5h-utilization: 1.0", "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"the first of two", 429, five + seven, "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"five hours used up", 429, five + seven + u + "5h-utilization: 1.02" + u + "7d-utilization: 0.4", "",
			"provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"seven days used up", 429, five + seven + u + "5h-utilization: 0.2" + u + "7d-utilization: 1", "",
			"provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"both used up", 429, five + seven + u + "5h-utilization: 1.0" + u + "7d-utilization: 1.0", "",
			"provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"used up, whatever is common", 429, five + seven + common + u + "7d-utilization: 1", "",
			"provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"used up, without its reset", 429, seven + common + u + "5h-utilization: 1", "",
			"provider_reset, 2026-05-01T13:01:00Z, claude: 5h limit"},
		{"the common reset alone", 429, common, "", "provider_reset, 2026-05-01T13:01:00Z, claude: subscription limit"},
		{"the common reset of two", 429, five + seven + common, "", "provider_reset, 2026-05-01T13:01:00Z, claude: subscription limit"},
		{"rejected, without more", 429, five + seven + u + "status: rejected", "", "provider_reset, 2026-05-01T13:00:00Z, claude: 5h limit"},
		{"one has room", 429, five + seven + u + "5h-status: allowed", "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"all have room", 429, five + seven + common + u + "5h-status: allowed" + u + "7d-status: allowed_warning", "",
			"heuristic, claude: rate limit"},
		{"room in all", 429, five + seven + common + u + "status: allowed", "", "heuristic, claude: rate limit"},
		{"how long to wait", 429, five + seven + "\nretry-after: 9", "", "retry_after, 9s, claude: rate limit"},
		{"a reset that is over", 429, u + "5h-reset: 1777636799" + seven, "", "provider_reset, 2026-05-05T12:10:00Z, claude: 7d limit"},
		{"no reset that can be read", 429, u + "5h-reset: soon" + u + "reset: NaN", "", "heuristic, claude: rate limit"},
		{"a forbidden request", 403, five + seven + common, "", "none"},
	})
}

// TestAnthropicMonth: a month of Anthropic's ends by UTC, whatever the caller's zone.
func TestAnthropicMonth(t *testing.T) {
	t.Parallel()
	body := []byte(`{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}`)
	for now, want := range map[string]string{
		"2026-05-31T23:30:00Z":      "2026-06-01T00:00:00Z",
		"2026-05-31T19:30:00-05:00": "2026-07-01T00:00:00Z",
		"2026-12-01T00:00:00Z":      "2027-01-01T00:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		limit, _ := quotasignal.FromResponse("claude", 429, nil, body, at)
		if got := limit.Until.Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}

// TestAnthropicErrors: https://platform.claude.com/docs/en/api/errors and, for the spend limits, the section "Reaching
// your spend limit" of https://platform.claude.com/docs/en/api/rate-limits: no retry-after, until the first of the next
// month 00:00 UTC.
func TestAnthropicErrors(t *testing.T) {
	t.Parallel()
	check(t, "claude", []signal{
		{"overloaded", 529, "retry-after: 5", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "none"},
		{"forbidden", 403, "", `{"type":"error","error":{"type":"permission_error","message":"No access"}}`, "none"},
		{"billing", 402, "", `{"type":"error","error":{"type":"billing_error","message":"Check your payment"}}`,
			"heuristic, claude: credit or spend limit"},
		{"no credit", 400, "", `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low ` +
			`to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}`,
			"heuristic, claude: credit or spend limit"},
		{"own spend limit", 400, "", `{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your ` +
			`specified API usage limits. You will regain access on 2026-06-01 at 00:00 UTC."}}`,
			"provider_reset, 2026-06-01T00:00:00Z, claude: spend limit"},
		{"spend limit of the tier", 429, "", `{"type":"error","error":{"type":"rate_limit_error","message":"Spend limit reached.",` +
			`"details":{"error_code":"enforced_spend_limit_reached"}}}`,
			"provider_reset, 2026-06-01T00:00:00Z, claude: monthly spend limit"},
		{"in a stream", 200, "", "event: error\r\ndata: {\"type\": \"error\", \"error\": {\"type\": \"overloaded_error\"}}\r\n\r\n" +
			"event: error\r\ndata: {\"type\": \"error\", \"error\": {\"type\": \"rate_limit_error\"}}\r\n\r\n", "heuristic, claude: rate limit"},
	})
}
