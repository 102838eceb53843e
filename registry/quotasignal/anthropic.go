package quotasignal

import (
	"regexp"
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

// hitWindow picks the window that was hit: the last to reset of those that rejected the request, else the one of the
// representative claim. It may have no reset.
func (a answer) hitWindow() (hit bucket, found bool) {
	status := a.fields[unified+"status"]
	if strings.HasPrefix(status, "allowed") {
		return hit, false // the windows have room, so it was another limit
	}
	for field, value := range a.fields {
		window, ok := strings.CutPrefix(field, unified)
		if !ok || value != "rejected" {
			continue
		}
		window, ok = strings.CutSuffix(window, "-status")
		if !ok || window == "overage" { // that overage is refused is no limit of its own
			continue
		}
		if b := a.window(window); !found || a.compare(b, hit) > 0 {
			hit, found = b, true
		}
	}
	if claim := a.fields[unified+"representative-claim"]; !found && claim != "" {
		hit, found = a.window(claims.Replace(claim)), true
	}
	if status == "rejected" && !a.ahead(hit.reset) {
		hit.until, found = readMoment(a.fields[unified+"reset"]), true
	}
	return hit, found
}

func (a answer) window(name string) bucket {
	return bucket{reset: reset{until: readMoment(a.fields[unified+name+"-reset"]), what: name}}
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
