package registry

import (
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// QuotaSource says who named the deadline of a quota mark. A stronger source replaces the deadline of a weaker one; an
// equal one extends it and never shortens it; a weaker one leaves it.
type QuotaSource string

// The sources, weakest first.
const (
	SourceHeuristic     QuotaSource = store.SourceHeuristic     // nobody did: the default window
	SourceRetryAfter    QuotaSource = store.SourceRetryAfter    // the provider asked to wait for some time
	SourceProviderReset QuotaSource = store.SourceProviderReset // the provider named the moment of its reset
	SourceOperator      QuotaSource = store.SourceOperator      // a person did
)

// QuotaLimit is what is known of a limit that a client has hit; neither Until nor RetryAfter is set where nobody said how
// long it lasts: then Options.QuotaWindow applies. SetModelQuotaExceededUntil takes one; package quotasignal reads one from
// a provider's answer.
type QuotaLimit struct {
	// Until is when the quota is back. Zero: see RetryAfter. Deadlines are kept in whole milliseconds. One that is over
	// is refused.
	Until time.Time
	// RetryAfter is how long the quota is gone, from the call on by Redis' clock, also where the write has to wait. Zero:
	// see Until. Not negative, and not set together with Until.
	RetryAfter time.Duration
	// Source says who named the deadline; one of the constants. SourceRetryAfter and SourceProviderReset are refused
	// where neither Until nor RetryAfter is set: the default window is not the provider's word. Empty: SourceOperator
	// with an actor, else SourceProviderReset where Until is set, SourceRetryAfter where RetryAfter is, SourceHeuristic
	// where neither is.
	Source QuotaSource
	// Reason is for people to read, at most 1 KiB. It may be empty.
	Reason string
	// Seen is the position that the caller's view had when the request began which hit the limit: where an operator
	// cleared the pair after that, the mark is refused without an error. Zero: not known, and never refused.
	Seen Position
}

// sourced is the limit with its source, derived where it is empty.
func (l QuotaLimit) sourced(actor string) QuotaLimit {
	switch {
	case l.Source != "":
	case actor != "":
		l.Source = SourceOperator
	case !l.Until.IsZero():
		l.Source = SourceProviderReset
	case l.RetryAfter != 0:
		l.Source = SourceRetryAfter
	default:
		l.Source = SourceHeuristic
	}
	return l
}

// validate refuses what cannot be a limit, by the name of the field.
func (l QuotaLimit) validate() error {
	switch l.Source {
	case SourceHeuristic, SourceRetryAfter, SourceProviderReset, SourceOperator:
	default:
		return invalid("source", "is %.32q, allowed are %q, %q, %q and %q", string(l.Source),
			SourceHeuristic, SourceRetryAfter, SourceProviderReset, SourceOperator)
	}
	if l.RetryAfter < 0 {
		return invalid("retryAfter", "is %v, must not be negative", l.RetryAfter)
	}
	if l.RetryAfter > 0 && !l.Until.IsZero() {
		return invalid("until", "must not be set together with retryAfter")
	}
	if l.RetryAfter == 0 && l.Until.IsZero() && (l.Source == SourceRetryAfter || l.Source == SourceProviderReset) {
		return invalid("source", "is %q, but the provider named no moment and no wait; without either it must be %q or %q",
			l.Source, SourceHeuristic, SourceOperator)
	}
	return validReason(l.Reason)
}
