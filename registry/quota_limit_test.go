package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// TestQuotaLimitIsRefusedByField: what cannot be a limit is an ErrInvalid that names the field, and what can is none.
func TestQuotaLimitIsRefusedByField(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what  string
		limit registry.QuotaLimit
		field string // empty: accepted
	}{
		{"the default window", registry.QuotaLimit{Source: registry.SourceHeuristic}, ""},
		{"a wait", registry.QuotaLimit{Source: registry.SourceRetryAfter, RetryAfter: time.Second}, ""},
		{"a moment", registry.QuotaLimit{Source: registry.SourceProviderReset, Until: moment}, ""},
		{"a person's", registry.QuotaLimit{Source: registry.SourceOperator, Until: moment, Reason: "week is gone"}, ""},
		{"1 KiB of reason", registry.QuotaLimit{Source: registry.SourceHeuristic, Reason: strings.Repeat("x", 1<<10)}, ""},
		{"no source", registry.QuotaLimit{}, ""},
		{"no source, and a negative wait", registry.QuotaLimit{RetryAfter: -1}, "retryAfter"},
		{"no moment", registry.QuotaLimit{Source: registry.SourceProviderReset}, "source"},
		{"no wait", registry.QuotaLimit{Source: registry.SourceRetryAfter}, "source"},
		{"a person's, without a deadline", registry.QuotaLimit{Source: registry.SourceOperator}, ""},
		{"a provider's wait", registry.QuotaLimit{Source: registry.SourceProviderReset, RetryAfter: time.Second}, ""},
		{"another source", registry.QuotaLimit{Source: "guess"}, "source"},
		{"a negative wait", registry.QuotaLimit{Source: registry.SourceRetryAfter, RetryAfter: -1}, "retryAfter"},
		{"a moment and a wait", registry.QuotaLimit{Source: registry.SourceRetryAfter, Until: moment, RetryAfter: 1}, "until"},
		{"a byte more", registry.QuotaLimit{Source: registry.SourceHeuristic, Reason: strings.Repeat("x", 1<<10+1)}, "reason"},
		{"no text", registry.QuotaLimit{Source: registry.SourceHeuristic, Reason: "\xff"}, "reason"},
	} {
		err := registry.ValidateLimit(c.limit)
		var refused *registry.InvalidError
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.field != "" && !errors.Is(err, registry.ErrInvalid):
			t.Errorf("%s: %v, want ErrInvalid", c.what, err)
		case c.field != "" && (!errors.As(err, &refused) || refused.Field != c.field):
			t.Errorf("%s: %v, want the field %s", c.what, err, c.field)
		}
	}
}
