package quotasignal

import (
	"cmp"
	"net/http"
	"net/textproto"
	"strings"
)

// readFields returns the header fields that matter here, by their names in lower case: HTTP/2 has them so, and callers
// that build a header by hand too. A field of more than 128 bytes is none of these.
func readFields(header http.Header) map[string]string {
	fields := map[string]string{}
	for name, values := range header {
		if len(name) > maxName || len(values) == 0 || len(values[0]) > maxName {
			continue
		}
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "retry-after") && !strings.HasPrefix(lower, "x-ratelimit-") &&
			!strings.HasPrefix(lower, "anthropic-ratelimit-") {
			continue
		}
		if _, twice := fields[lower]; !twice || name == textproto.CanonicalMIMEHeaderKey(name) {
			fields[lower] = strings.TrimSpace(values[0])
		}
	}
	return fields
}

// retryAfter reads Retry-After and its milliseconds, which Azure sends beside it and the SDKs of OpenAI and Anthropic
// look at first.
func (a answer) retryAfter() (reset, bool) {
	r := reset{what: a.hitName()}
	if r.after = readNumber(a.fields["retry-after-ms"], "ms"); a.ahead(r) {
		return r, true
	}
	value := a.fields["retry-after"]
	r.after = readNumber(value, "s")
	if date, err := http.ParseTime(value); err == nil {
		r.until = date.UTC()
	}
	return r, a.ahead(r)
}

// bucket is one of the limits that an answer's headers list.
type bucket struct {
	reset
	remaining string
}

// buckets returns the limits of x-ratelimit-reset-<name>, of plain x-ratelimit-reset, and of
// anthropic-ratelimit-<name>-reset.
func (a answer) buckets() (all []bucket) {
	for field, value := range a.fields {
		b := bucket{reset: readReset(value)}
		if name, ok := strings.CutPrefix(field, "x-ratelimit-reset"); ok {
			b.remaining = a.fields["x-ratelimit-remaining"+name]
			b.what = strings.TrimPrefix(name, "-")
		} else if name, ok := strings.CutPrefix(field, "anthropic-ratelimit-"); ok && !strings.HasPrefix(name, "unified") {
			if name, ok = strings.CutSuffix(name, "-reset"); !ok {
				continue
			}
			b.remaining = a.fields["anthropic-ratelimit-"+name+"-remaining"]
			b.what = name
		} else {
			continue
		}
		all = append(all, b)
	}
	return all
}

// hitBucket picks the limit that was hit: of those with nothing remaining, or named by the error, the last to reset.
// Where no header says what remains, the first to reset.
func (a answer) hitBucket() (hit bucket, found bool) {
	all, telling := a.buckets(), false
	for _, b := range all {
		telling = telling || isNumber(b.remaining)
	}
	for _, b := range all {
		var better bool
		switch {
		case b.isEmpty() || b.what != "" && b.what == string(a.failure.Type):
			better = !found || a.compare(b, hit) > 0
		case !telling && a.ahead(b.reset):
			better = !found || a.compare(b, hit) < 0
		}
		if better {
			hit, found = b, true
		}
	}
	return hit, found
}

// isEmpty tells whether nothing remains. Azure's -1 means that it does not know.
func (b bucket) isEmpty() bool { return isNumber(b.remaining) && strings.Trim(b.remaining, "0.") == "" }

// compare orders buckets by their resets, those first that have none to believe, and by their names, so that the order
// of equal ones is always the same.
func (a answer) compare(x, y bucket) int {
	return cmp.Or(cmp.Compare(a.wait(x.reset), a.wait(y.reset)), strings.Compare(x.what, y.what))
}

func (a answer) bucketReset() (reset, bool) {
	hit, found := a.hitBucket()
	hit.what = a.hitName()
	return hit.reset, found && a.ahead(hit.reset)
}

// hitName names the limit that was hit, as far as the headers tell.
func (a answer) hitName() string {
	if hit, found := a.hitWindow(); found {
		return windowName(hit.what)
	}
	if hit, _ := a.hitBucket(); isName(hit.what) {
		return hit.what + " limit"
	}
	return "rate limit"
}

// isName tells whether a part of a header's name may stand in a reason.
func isName(text string) bool {
	return text != "" && len(text) <= 32 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
