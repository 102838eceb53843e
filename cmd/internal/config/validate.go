package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The registry's limits, checked here so that the path in the file can be named before anything is registered.
const (
	maxClientIDBytes    = 512
	maxModelIDBytes     = 512
	MaxProviderBytes    = 128
	maxNameBytes        = 128
	maxModels           = 1000
	maxDescriptionBytes = 64 << 10
	maxQuotaWindow      = 366 * 24 * time.Hour
)

var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

var (
	logLevels  = []string{"trace", "debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
	urlSchemes = []string{
		"redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel",
	}
)

// validate checks what the types leave open.
func (c *Config) validate(sources map[string]source, path string) error {
	for _, check := range []struct{ key, problem string }{
		{"listen", addressProblem(c.Listen)},
		{"namespace", nameProblem(c.Namespace)},
		{"replica_id", orEmpty(c.ReplicaID, nameProblem)},
		{"redis_url", orEmpty(c.RedisURL, urlProblem)},
		{"lease_ttl", rangeProblem(c.LeaseTTL, time.Second, 24*time.Hour)},
		{"quota_window", rangeProblem(c.QuotaWindow, time.Millisecond, maxQuotaWindow)},
		{"max_quota_window", rangeProblem(c.MaxQuotaWindow, c.QuotaWindow, maxQuotaWindow)},
		{"operation_timeout", rangeProblem(c.OperationTimeout, 10*time.Millisecond, time.Minute)},
		{"drain_time", rangeProblem(c.DrainTime, 0, 5*time.Minute)},
		{"log_level", choiceProblem(c.LogLevel, logLevels)},
		{"log_format", choiceProblem(c.LogFormat, logFormats)},
	} {
		if check.problem != "" {
			return &Error{check.key, sources[check.key].name, check.problem}
		}
	}
	if err := c.checkTLS(sources); err != nil {
		return err
	}
	if len(c.Tokens) == 0 && !isLoopback(c.Listen) {
		return &Error{"listen", sources["listen"].name, fmt.Sprintf("is %q, which other machines may reach, but there are no tokens; "+
			"set tokens in the config file or %s, or listen on 127.0.0.1", c.Listen, tokensVariable)}
	}
	return c.validateClients(path)
}

func addressProblem(address string) string {
	const want = "must be host:port, such as 127.0.0.1:8420"
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Sprintf("is %q; %s", address, want)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return fmt.Sprintf("has port %q; %s", port, want)
	}
	return ""
}

// isLoopback says whether only this machine can reach an address; of names only localhost is known to be such.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func nameProblem(name string) string {
	if plainName.MatchString(name) {
		return ""
	}
	return fmt.Sprintf("is %q; must be 1 to 128 letters, digits, '.', '_' or '-'", name)
}

func orEmpty(text string, problem func(string) string) string {
	if text == "" {
		return ""
	}
	return problem(text)
}

func rangeProblem(d, least, most time.Duration) string {
	if least <= d && d <= most {
		return ""
	}
	return fmt.Sprintf("is %v; must be from %v to %v", d, least, most)
}

// urlProblem looks at the scheme only; the registry reads the rest. It repeats nothing, since what is no URL may be a
// password.
func urlProblem(url string) string {
	scheme, _, ok := strings.Cut(url, "://")
	if ok && slices.Contains(urlSchemes, scheme) {
		return ""
	}
	return "must begin with one of " + strings.Join(urlSchemes, "://, ") + "://"
}

func choiceProblem(text string, choices []string) string {
	if slices.Contains(choices, text) {
		return ""
	}
	return fmt.Sprintf("is %q; must be one of %s", text, strings.Join(choices, ", "))
}
