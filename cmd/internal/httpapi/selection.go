package httpapi

import (
	"fmt"
	"net/url"
	"strings"
)

// selection is what a list's parameters beside its pages ask for.
type selection struct {
	providers []string // lower-cased; nil: all
	available bool     // only models that some client can serve now
	detail    bool
}

// maxProviders is how many providers a list may be asked for at once.
const maxProviders = 100

// selectionOf reads ?provider=, which may be repeated, ?available= and ?detail=. The problem is "" if they can be read.
func selectionOf(values url.Values) (s selection, problem string) {
	if given := values["provider"]; len(given) > maxProviders {
		return s, fmt.Sprintf("provider is given %d times; at most %d are allowed", len(given), maxProviders)
	}
	for _, provider := range values["provider"] {
		s.providers = append(s.providers, strings.ToLower(provider))
	}
	if s.available, problem = yesOrNo(values, "available"); problem != "" {
		return s, problem
	}
	s.detail, problem = yesOrNo(values, "detail")
	return s, problem
}

// key tells selections of a shape apart, with whatever else decides an answer.
func (s selection) key(form shape, rest ...string) string {
	return fmt.Sprintf("%d %t %t %q %q", form, s.available, s.detail, s.providers, rest)
}
