package quotasignal

import (
	"strings"
	"time"
)

// googleReset reads the moment at which a quota of Google is back: the one it states, or for a quota per day the
// midnight it documents.
func (a answer) googleReset() (reset, bool) {
	r := reset{what: "quota"}
	for _, d := range a.failure.Details.list {
		if r.until = readMoment(string(d.Metadata.ResetAt)); a.ahead(r) {
			return r, true
		}
	}
	if delay, ok := a.googleDelay(); !a.failure.isDaily() || ok && delay.after > time.Minute {
		return r, false
	}
	r.until, r.what = midnight(a.now), "daily quota"
	return r, a.ahead(r)
}

// googleDelay reads how long Google asks to wait.
func (a answer) googleDelay() (reset, bool) {
	r := reset{what: "quota"}
	if a.failure.isDaily() {
		r.what = "daily quota"
	}
	for _, d := range a.failure.Details.list {
		for _, text := range []text{d.RetryDelay, d.Metadata.ResetIn} {
			if r.after = readWait(string(text)); a.ahead(r) {
				return r, true
			}
		}
	}
	return r, false
}

// isDaily tells whether one of the quotas that Google says are exceeded is a daily one.
func (f failure) isDaily() bool {
	for _, d := range f.Details.list {
		if strings.Contains(string(d.Metadata.Limit), "PerDay") {
			return true
		}
		for _, v := range d.Violations {
			if strings.Contains(string(v.ID), "PerDay") {
				return true
			}
		}
	}
	return false
}

// midnight is the end of the day in Los Angeles. Without the zone's rules on this machine it is an hour late in summer.
func midnight(now time.Time) time.Time {
	place, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		place = time.FixedZone("PST", -8*60*60)
	}
	year, month, day := now.In(place).Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, place).UTC()
}
