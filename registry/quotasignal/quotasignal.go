// Package quotasignal reads, from the answer a provider gave, until when a quota is gone.
//
// A proxy calls FromResponse with every answer that is not a success:
//
//	limit, ok := quotasignal.FromResponse("claude", response.StatusCode, response.Header, body, time.Now())
//	if ok {
//		limit.Seen = began // r.Position() when the request began
//		err = r.SetModelQuotaExceededUntil(ctx, "key-1", "claude-sonnet-4", limit)
//	}
//
// # Which answers are signals
//
// A 429 always is. Other answers are only where they say so:
//
//   - 402 and 403, where the body names a quota, a balance or a spend limit: Anthropic's billing_error, OpenRouter's and
//     DeepSeek's empty balances, Google's rateLimitExceeded and quotaExceeded. A 403 that forbids is none.
//   - 503 and 529, where the body names a rate: OpenAI's slow_down. An overload is not: it is everybody's, the quota is
//     there, and another credential of the same provider fares no better. That holds with a Retry-After, too.
//   - 402, 403, 503 and 529, where anthropic-ratelimit-unified-status is rejected and no paid overage is in use.
//   - 400, where it is Anthropic's invalid_request_error about a spend limit that is reached or a balance that is gone.
//   - 2xx, where the body is an error that names a quota: an event of a stream that had begun. Its headers were written
//     before the limit was hit and are not read. Pass the event as the body.
//
// # Which deadline
//
// The one of the limit that was hit, not the largest one in sight; an answer lists the resets of all limits. The first
// of these that the answer has, that is ahead, and that is no more than 366 days ahead:
//
//  1. Anthropic's unified windows (5h, 7d and others) whose status is rejected, else the one of the representative claim,
//     else those whose utilization is 1; of several the last to reset. Where the window states no reset, or the status is
//     rejected and no window is named, unified-reset. Retry-After says the same there, rounded and as old as the answer.
//  2. The day on which Anthropic says access is regained, the first of the next month for enforced_spend_limit_reached.
//  3. resets_at or resets_in_seconds of a Codex usage_limit_reached; the second one where the first is past, which
//     is what a wrong clock makes of it.
//  4. Google's quotaResetTimeStamp; for a quota per day the next midnight in Los Angeles, when Google resets those. The
//     retryDelay beside a quota per day is that of the minute, and is believed only if it is longer than a minute.
//  5. For spent credit and spend limits none: waiting does not bring them back, whatever the headers say.
//  6. retryDelay and quotaResetDelay of Google, retry-after-ms, Retry-After, then "try again in 1.2s" and its like in
//     the message.
//  7. x-ratelimit-reset-* and anthropic-ratelimit-*-reset, of the limits that have 0 remaining, or that the error's type
//     names; of several the last one. Where no header tells what remains, the soonest: a second 429 corrects it.
//  8. anthropic-ratelimit-unified-reset, else the soonest reset of the unified windows, where 1 found no window and the
//     headers do not say that there is room.
//
// Retry-After comes before 7 because those resets say when the bucket is full again, which takes longer than until it
// has room for one request; Anthropic documents that earlier retries than Retry-After fail, not that later ones are
// needed.
//
// A statement of how long is a RetryAfter with SourceRetryAfter; one of a moment is an Until with SourceProviderReset. A
// signal without any deadline has SourceHeuristic and neither, so that the registry's default window applies. A moment
// is compared with the caller's clock, which should be right to a few seconds.
//
// # What it does not do
//
// It looks at shapes, not at the provider's name, since proxies choose those names and one provider serves another's
// models. It does not decompress bodies. It reads the first 256 KiB of a body and nothing of a longer JSON document.
// Nothing of the body comes into the reason.
package quotasignal

import (
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/rollcall-dev/rollcall/registry"
)

const (
	maxAhead = 366 * 24 * time.Hour // a later deadline is a mistake, of the provider or in the reading
	maxName  = 128                  // bytes of a provider in a reason
)

// FromResponse returns the limit that an answer says was hit, and whether it says so; see the package's comment. The
// limit's deadline is after now; RetryAfter counts from now. The provider is only named in the reason, which is
// something like "claude: 7d limit". header and body may be nil. The caller sets Seen.
func FromResponse(
	provider string, status int, header http.Header, body []byte, now time.Time,
) (registry.QuotaLimit, bool) {
	a := answer{status: status, failure: readFailure(body), now: now}
	if status >= http.StatusBadRequest {
		a.fields = readFields(header)
	}
	if !a.isSignal() {
		return registry.QuotaLimit{}, false
	}
	reset := a.reset()
	limit := registry.QuotaLimit{
		Until: reset.until, RetryAfter: reset.after, Source: registry.SourceHeuristic,
		Reason: printable(provider) + ": " + reset.what,
	}
	switch {
	case !reset.until.IsZero():
		limit.Source = registry.SourceProviderReset
	case reset.after > 0:
		limit.Source = registry.SourceRetryAfter
	}
	return limit, true
}

// answer is what a provider answered, as far as it matters here.
type answer struct {
	status  int
	fields  map[string]string // see readFields
	failure failure
	now     time.Time
}

// reset is when a limit is over: until, or after now, or neither where that is not known.
type reset struct {
	until time.Time
	after time.Duration
	what  string // the limit's name, of our own words
}

func (a answer) isSignal() bool {
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusPaymentRequired, http.StatusForbidden:
		return a.failure.namesRate() || a.failure.namesSpent() || a.failure.isPoor() || a.isRejected()
	case http.StatusServiceUnavailable, 529:
		return a.failure.namesRate() || a.failure.namesSpent() || a.isRejected()
	case http.StatusBadRequest:
		return a.isSpendLimit()
	}
	return a.status >= 200 && a.status < 300 && (a.failure.namesRate() || a.failure.namesSpent())
}

// reset returns the deadline of the limit that was hit, by the order in the package's comment.
func (a answer) reset() reset {
	for _, read := range []func(answer) (reset, bool){
		answer.unifiedReset, answer.spendReset, answer.usageReset, answer.googleReset, answer.spent,
		answer.googleDelay, answer.retryAfter, answer.messageDelay, answer.bucketReset, answer.anyWindow,
	} {
		if r, ok := read(a); ok {
			return r
		}
	}
	return reset{what: a.hitName()}
}

// ahead tells whether a reset has a deadline that can be believed.
func (a answer) ahead(r reset) bool { return a.wait(r) > 0 }

// wait is how long it is until a reset: not above 0 where it is over, 0 where it is not known or too far to be believed.
func (a answer) wait(r reset) time.Duration {
	wait := r.after
	if !r.until.IsZero() {
		wait = r.until.Sub(a.now)
	}
	if wait > maxAhead {
		return 0
	}
	return wait
}

// printable is a provider's name as it may stand in a reason.
func printable(provider string) string {
	if len(provider) > maxName {
		provider = provider[:maxName]
	}
	provider = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return -1
		}
		return r
	}, provider)
	if provider == "" {
		return "provider"
	}
	return provider
}
