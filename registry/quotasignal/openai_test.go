package quotasignal_test

import "testing"

// TestOpenAIErrors: https://platform.openai.com/docs/guides/error-codes/api-errors, its codes also in
// https://help.openai.com/en/articles/5955604. The messages of Groq, which are OpenAI's, are in
// https://github.com/Aider-AI/aider/issues/3265.
func TestOpenAIErrors(t *testing.T) {
	t.Parallel()
	const reached = `{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on requests per min (RPM): ` +
		`Limit 3, Used 3, Requested 1. Please try again in 20s.","type":"requests","param":null,"code":"rate_limit_exceeded"}}`
	const tokens = `{"error":{"message":"Rate limit reached on tokens per minute (TPM): Limit 15000, Used 11972, ` +
		`Requested 4351. Please try again in 5.289s. Visit https://console.groq.com","type":"tokens","code":"rate_limit_exceeded"}}`
	const quota = `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.",` +
		`"type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`
	check(t, "openai", []signal{
		{"seconds in the message", 429, "", reached, "retry_after, 20s, openai: rate limit"},
		{"parts of a second in the message", 429, "", tokens, "retry_after, 5.289s, openai: rate limit"},
		{"a header before the message", 429, "retry-after: 21", reached, "retry_after, 21s, openai: rate limit"},
		{"the message before the resets", 429, "x-ratelimit-remaining-tokens: 3\nx-ratelimit-reset-tokens: 48s", tokens,
			"retry_after, 5.289s, openai: tokens limit"},
		{"no credit", 429, "retry-after: 1\nx-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 12ms", quota,
			"heuristic, openai: credit or spend limit"},
		{"a project's spend limit", 429, "", `{"error":{"type":"insufficient_quota","code":"project_spend_limit_exceeded"}}`,
			"heuristic, openai: credit or spend limit"},
		{"slow down", 503, "retry-after: 3", `{"error":{"message":"Slow down","type":"server_error","code":"slow_down"}}`,
			"retry_after, 3s, openai: rate limit"},
		{"overloaded", 503, "retry-after: 3", `{"error":{"message":"The engine is currently overloaded","type":"server_error"}}`, "none"},
		{"region", 403, "", `{"error":{"code":"unsupported_country_region_territory","type":"request_forbidden"}}`, "none"},
	})
}

// TestWaitInWords: the ways in which a message states a wait.
func TestWaitInWords(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Please try again in 1.2s.":                          "retry_after, 1.2s, p: rate limit",
		"please try again in 6m0s":                           "retry_after, 6m0s, p: rate limit",
		"Try again in 28.5 seconds.":                         "retry_after, 28.5s, p: rate limit",
		"Try again in 2 days 3 hours 4 minutes.":             "retry_after, 51h4m0s, p: rate limit",
		"Please try again in 872ms. Visit us.":               "retry_after, 872ms, p: rate limit",
		"Please retry in 34.074824224s.":                     "retry_after, 34.074824s, p: rate limit",
		"Your quota will reset after 161h39m41s.":            "retry_after, 161h39m41s, p: rate limit",
		"Individual quota reached. Resets in 9h22m20s.":      "retry_after, 9h22m20s, p: rate limit",
		"try again in 1 minute and 30 seconds":               "retry_after, 1m0s, p: rate limit",
		"try again in 20 users":                              "heuristic, p: rate limit",
		"try again in 5 steps 3 s":                           "heuristic, p: rate limit",
		"try again in 5 steps":                               "heuristic, p: rate limit",
		"try again in 0s":                                    "heuristic, p: rate limit",
		"try again in 999999999999999999999999999999999999h": "heuristic, p: rate limit",
		"try again in 300d 300d":                             "heuristic, p: rate limit",
		"try again later":                                    "heuristic, p: rate limit",
	} {
		check(t, "p", []signal{{message, 429, "", `{"error":{"message":"` + message + `"}}`, want}})
		check(t, "p", []signal{{"plain " + message, 429, "", `{"error":"` + message + `"}`, want}})
	}
}

// TestCodex: the plan limits of ChatGPT, as in https://github.com/router-for-me/CLIProxyAPI/issues/1666 and
// https://github.com/earendil-works/pi/issues/4172; codex-rs reads the same fields.
func TestCodex(t *testing.T) {
	t.Parallel()
	const start = `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"free"`
	check(t, "codex", []signal{
		{"both", 429, "", start + `,"resets_at":1777640400,"resets_in_seconds":3599}}`,
			"provider_reset, 2026-05-01T13:00:00Z, codex: usage limit"},
		{"the moment", 429, "retry-after: 1", start + `,"resets_at":1777640400}}`, "provider_reset, 2026-05-01T13:00:00Z, codex: usage limit"},
		{"the wait", 429, "retry-after: 1", start + `,"resets_in_seconds":602705}}`, "retry_after, 167h25m5s, codex: usage limit"},
		{"a moment that is over", 429, "", start + `,"resets_at":1777630000,"resets_in_seconds":600}}`,
			"retry_after, 10m0s, codex: usage limit"},
		{"a moment far off", 429, "", start + `,"resets_at":99999999999,"resets_in_seconds":600}}`, "retry_after, 10m0s, codex: usage limit"},
		{"as text", 429, "", start + `,"resets_at":"1777640400"}}`, "provider_reset, 2026-05-01T13:00:00Z, codex: usage limit"},
		{"of nothing that says what it is", 429, "", `{"error":{"resets_at":1777640400},"message":"x"}`, "heuristic, codex: rate limit"},
		{"null", 429, "", start + `,"resets_at":null,"eligible_promo":null}}`, "heuristic, codex: rate limit"},
		{"neither", 429, "retry-after: 5", start + `}}`, "retry_after, 5s, codex: rate limit"},
		{"on a websocket", 200, "", `{"type":"error",` + start[1:] + `,"resets_in_seconds":13872},"status_code":429}`,
			"retry_after, 3h51m12s, codex: usage limit"},
		{"in a stream", 200, "", "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n" +
			`data: {"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded",` +
			`"message":"Rate limit reached for gpt-5. Please try again in 11.054s."}}}`, "retry_after, 11.054s, codex: rate limit"},
		{"without an envelope", 429, "", start[len(`{"error":`):] + `,"resets_in_seconds":60}`, "retry_after, 1m0s, codex: usage limit"},
		{"in detail", 403, "", `{"detail":` + start[len(`{"error":`):] + `,"resets_in_seconds":60}}`, "retry_after, 1m0s, codex: usage limit"},
	})
}

// TestEmptyBalances: 402 of OpenRouter, https://openrouter.ai/docs/api_reference/limits, "Handling 402 errors", and of
// DeepSeek, https://api-docs.deepseek.com/quick_start/error_codes.
func TestEmptyBalances(t *testing.T) {
	t.Parallel()
	check(t, "p", []signal{
		{"OpenRouter", 402, "", `{"error":{"code":402,"message":"Insufficient credits. Add more using https://openrouter.ai"}}`,
			"heuristic, p: credit or spend limit"},
		{"OpenRouter's key", 403, "", `{"error":{"code":403,"message":"Key limit exceeded (total limit)."}}`,
			"heuristic, p: credit or spend limit"},
		{"DeepSeek", 402, "", `{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}`,
			"heuristic, p: credit or spend limit"},
		{"the words of somebody else", 400, "", `{"error":{"message":"Your credit balance is too low","type":"other"}}`, "none"},
		{"the words of a prompt", 400, "", `{"error":{"message":"Insufficient balance is no model","type":"invalid_request_error"}}`, "none"},
	})
}
