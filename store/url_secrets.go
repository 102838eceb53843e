package store

import (
	"net/url"
	"strings"
)

const masked = "xxxxx" // in place of a secret

// MaskURL returns the URL with its passwords replaced, fit for logs and errors: those of its user, of its parameters, and
// all that stands before an @ in a parameter or that is a user without a password, since it may be one. What is not a
// URL becomes "(not a URL)", since one cannot tell where a secret might stand in it.
func MaskURL(rawURL string) string {
	parsed, ok := parseURL(rawURL)
	if !ok {
		return "(not a URL)"
	}
	if parsed.RawQuery != "" {
		pairs := strings.Split(parsed.RawQuery, "&")
		for i, pair := range pairs {
			pairs[i] = maskPair(pair)
		}
		parsed.RawQuery = strings.Join(pairs, "&")
	}
	if password, has := parsed.User.Password(); parsed.User.Username() != "" && (!has || password == "") {
		parsed.User = url.User(masked)
	}
	return parsed.Redacted()
}

// parseURL parses a URL. One with an @ where none belongs is not ok: a password that is not escaped moves what is behind
// it elsewhere.
func parseURL(rawURL string) (parsed *url.URL, ok bool) {
	_, rest, _ := strings.Cut(rawURL, "://")
	parsed, err := url.Parse(rawURL)
	if err != nil || rest == "" || strings.Contains(parsed.Path+parsed.Fragment+parsed.Opaque, "@") {
		return nil, false
	}
	for pair := range strings.SplitSeq(parsed.RawQuery, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err != nil || strings.Contains(plain, "@") {
			return nil, false
		}
	}
	return parsed, true
}

// maskPair masks one parameter of a query, and leaves what is no secret as it is written.
func maskPair(pair string) string {
	key, value, _ := strings.Cut(pair, "=")
	plain, err := url.QueryUnescape(value)
	switch at := max(strings.LastIndex(value, "@"), strings.LastIndex(value, "%40")); {
	case err != nil, isSecret(key) && value != "":
		return key + "=" + masked
	case strings.Contains(plain, "@") && at >= 0:
		return key + "=" + masked + value[at:]
	default:
		return pair
	}
}

// isSecret says whether a parameter of that name, written as it may be, holds a password.
func isSecret(key string) bool {
	plain, err := url.QueryUnescape(key)
	return err != nil || strings.Contains(strings.ToLower(plain), "pass")
}

// checkAddresses refuses nodes with a user or password: they would be taken for a part of the host's name, and be shown
// wherever it is looked up in vain.
func checkAddresses(rawURL string) error {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return nil // the client's parser says why
	}
	for _, address := range parsed.Query()["addr"] {
		if strings.Contains(address, "@") {
			return &InvalidError{"redis URL", "has a user or password in addr, which must be host:port; those in front of the first host are for all"}
		}
	}
	return nil
}

// urlError says what is wrong with a URL without repeating its secrets.
func urlError(rawURL string, err error) error {
	problem := strings.TrimPrefix(err.Error(), "redis: ")
	parsed, ok := parseURL(rawURL)
	if !ok || (parsed.User != nil && strings.Contains(problem, rawURL)) {
		return &InvalidError{"redis URL", "is not a URL"}
	}
	problem = strings.ReplaceAll(problem, rawURL, MaskURL(rawURL))
	if password, _ := parsed.User.Password(); password != "" {
		problem = strings.ReplaceAll(problem, password, masked)
	}
	for key, values := range parsed.Query() {
		for _, value := range values {
			at := strings.LastIndex(value, "@")
			if isSecret(key) {
				at = len(value)
			}
			if at > 0 {
				problem = strings.ReplaceAll(problem, value[:at], masked)
			}
		}
	}
	return &InvalidError{"redis URL", problem}
}
