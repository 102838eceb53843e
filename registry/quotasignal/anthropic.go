package quotasignal

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const unified = "anthropic-ratelimit-unified-"

// isRejected tells whether a subscription's windows are why a request that was no 429 failed. A rejected account that
// pays for overage goes on, and fails for other reasons.
func (a answer) isRejected() bool {
	return a.fields[unified+"status"] == "rejected" && a.fields[unified+"overage-in-use"] != "true"
}

// claims maps the words of a representative claim to those in header names: seven_day_overage_included is 7d_oi.
var claims = strings.NewReplacer("five_hour", "5h", "seven_day", "7d", "overage_included", "oi")

// unifiedReset reads the windows of a Claude subscription.
func (a answer) unifiedReset() (reset, bool) {
	hit, found := a.hitWindow()
	hit.what = a.hitName()
	return hit.reset, found && a.ahead(hit.reset)
}

// window is one of a subscription's limits.
type window struct {
	bucket
	status string
	used   bool // by the header that tells its utilization
}

// windows returns the limits that an answer's headers list.
func (a answer) windows() map[string]window {
	all := make(map[string]window)
	for field := range a.fields {
		name, ok := strings.CutPrefix(field, unified)
		at := strings.LastIndexByte(name, '-')
		if !ok || at < 0 || name[:at] == "overage" { // that overage is refused is no limit of its own
			continue
		}
		switch name[at:] {
		case "-reset", "-status", "-utilization":
			all[name[:at]] = a.window(name[:at])
		}
	}
	return all
}

func (a answer) window(name string) window {
	used, err := strconv.ParseFloat(a.fields[unified+name+"-utilization"], 64)
	return window{
		bucket: bucket{reset: reset{until: readMoment(a.fields[unified+name+"-reset"]), what: name}},
		status: a.fields[unified+name+"-status"], used: err == nil && used >= 1,
	}
}

// hasRoom tells whether the windows have room, so that it was another limit.
func (a answer) hasRoom() bool { return strings.HasPrefix(a.fields[unified+"status"], "allowed") }

// hitWindow picks the window that was hit: one that rejected the request, else the one of the representative claim, else
// one that is used up; of several the last to reset. It may have no reset.
func (a answer) hitWindow() (hit bucket, found bool) {
	if a.hasRoom() {
		return hit, false
	}
	pick := func(is func(window) bool) {
		for _, w := range a.windows() {
			if is(w) && (!found || a.compare(w.bucket, hit) > 0) {
				hit, found = w.bucket, true
			}
		}
	}
	pick(func(w window) bool { return w.status == "rejected" })
	if claim := a.fields[unified+"representative-claim"]; !found && claim != "" {
		hit, found = a.window(claims.Replace(claim)).bucket, true
	}
	if !found {
		pick(func(w window) bool { return w.used })
	}
	if (found || a.fields[unified+"status"] == "rejected") && !a.ahead(hit.reset) {
		hit.until, found = readMoment(a.fields[unified+"reset"]), true
	}
	return hit, found
}

// anyWindow reads the resets of an answer that does not tell which window was hit: the common one, else the first, since a
// deadline that is too early costs one more 429, and one that is too late days.
func (a answer) anyWindow() (reset, bool) {
	if hit, found := a.hitWindow(); a.hasRoom() || found && hit.what != "" {
		return reset{}, false
	}
	var first bucket
	windows, full := a.windows(), false
	for _, w := range windows {
		if strings.HasPrefix(w.status, "allowed") {
			continue
		}
		full = true
		if a.ahead(w.reset) && (!a.ahead(first.reset) || a.compare(w.bucket, first) < 0) {
			first = w.bucket
		}
	}
	common := reset{until: readMoment(a.fields[unified+"reset"]), what: windowName("")}
	if a.ahead(common) && (full || len(windows) == 0) {
		return common, true
	}
	first.what = windowName(first.what)
	return first.reset, a.ahead(first.reset)
}

// windowName is what a reason calls a window.
func windowName(name string) string {
	if isName(name) {
		return name + " limit"
	}
	return "subscription limit"
}

var regained = regexp.MustCompile(`You will regain access on (\d{4}-\d{2}-\d{2}) at (\d{2}:\d{2}) UTC`)

// isSpendLimit tells the two errors apart that are quota signals although their status says that the request was wrong.
func (a answer) isSpendLimit() bool {
	f := a.failure
	return f.Type == "invalid_request_error" &&
		(strings.HasPrefix(string(f.Message), "You have reached your specified ") ||
			strings.HasPrefix(string(f.Message), "Your credit balance is too low"))
}

// spendReset reads the spend limits of an Anthropic organization or workspace.
func (a answer) spendReset() (reset, bool) {
	r := reset{what: "spend limit"}
	if on := regained.FindStringSubmatch(string(a.failure.Message)); on != nil {
		r.until, _ = time.Parse("2006-01-02 15:04", on[1]+" "+on[2])
	}
	if !a.ahead(r) && a.failure.Details.code == "enforced_spend_limit_reached" {
		r.what = "monthly spend limit"
		today := a.now.UTC()
		r.until = time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return r, a.ahead(r)
}
