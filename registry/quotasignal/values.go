package quotasignal

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// readWait reads "6m0s", "1.5s", "20ms", "1d2h"; zero if it is none of that. Signs are not allowed.
func readWait(text string) time.Duration {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0
	}
	wait := time.Duration(0)
	if days, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 9) // more is too long anyway, and would overflow
		if err != nil {
			return 0
		}
		wait, text = time.Duration(n)*24*time.Hour, rest
	}
	if text == "" {
		return wait
	}
	rest, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return wait + rest // of two waits that are too long together, a negative one, which is none
}

// readNumber reads a number of a unit, "s" or "ms"; zero if the text is no number.
func readNumber(text, unit string) time.Duration {
	if !isNumber(text) {
		return 0
	}
	return readWait(text + unit)
}

// isNumber tells whether text is digits, perhaps with one point and digits after it.
func isNumber(text string) bool {
	whole, fraction, point := strings.Cut(text, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

// readMoment reads RFC 3339 and seconds or milliseconds since 1970; the zero time if it is neither.
func readMoment(text string) time.Time {
	if !isNumber(text) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return time.Time{}
		}
		return t.UTC()
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || n < 1e9 || n >= 1e14:
		return time.Time{}
	case n < 1e11:
		n *= 1000
	}
	return time.UnixMilli(int64(n)).UTC()
}

// readReset reads what a reset header or field may have: a moment, a wait, or a number of seconds. A number is taken as
// seconds below 1e9, which is 31 years, and as a moment above.
func readReset(text string) reset {
	if t := readMoment(text); !t.IsZero() {
		return reset{until: t}
	}
	if isNumber(text) {
		return reset{after: readNumber(text, "s")}
	}
	return reset{after: readWait(text)}
}

// told finds a wait in a sentence: "Please try again in 1.2s.", "Your quota will reset after 161h39m41s.".
var (
	told = regexp.MustCompile(`(?i)\b(?:try again|retry|resets?) (?:in|after) ((?:[0-9]+(?:\.[0-9]+)?\s{0,2}[a-z]+\s?)+)`)
	part = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)\s{0,2}([a-zA-Z]+)`)
	unit = regexp.MustCompile(`(?i)^(?:(ms|milliseconds?)|(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hours?)|(d|days?))$`)
)

// readTold returns the wait that a message states in words; zero if it states none.
func readTold(message string) (wait time.Duration) {
	found := told.FindStringSubmatch(message)
	if found == nil {
		return 0
	}
	sizes := []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour}
	for _, p := range part.FindAllStringSubmatch(found[1], 8) {
		which := unit.FindStringSubmatch(p[2])
		if which == nil {
			break // the sentence goes on
		}
		n, err := strconv.ParseFloat(p[1], 64)
		for i, size := range sizes {
			if which[i+1] == "" {
				continue
			}
			if err != nil || n > float64(maxAhead)/float64(size) {
				return 0
			}
			wait += time.Duration(n * float64(size)).Round(time.Microsecond)
		}
	}
	return wait
}
