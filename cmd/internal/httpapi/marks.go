package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
	"github.com/rollcall-dev/rollcall/registry"
)

// explain answers why a client can be used for a model or not.
func (a *API) explain(w http.ResponseWriter, r *http.Request) {
	client, model, ok := pathPair(w, r)
	if !ok {
		return
	}
	writeJSON(w, http.StatusOK, a.registry.ClientModelStatus(client, model))
}

// quotaBody is what a PUT of a quota says.
type quotaBody struct {
	Until      string `json:"until"`       // RFC 3339
	RetryAfter string `json:"retry_after"` // a duration; a number is one of seconds
	Source     string `json:"source"`
	Reason     string `json:"reason"`
	Seen       string `json:"seen"`
}

// secondsByNumber lets a number stand for a duration of so many seconds.
func secondsByNumber(t reflect.Type, value any) any {
	fields, ok := value.(map[string]any)
	if !ok || t != reflect.TypeFor[quotaBody]() {
		return value
	}
	if n, ok := fields["retry_after"].(json.Number); ok {
		fields["retry_after"] = inSeconds(n)
	}
	return fields
}

// inSeconds writes a number of seconds as a duration, which knows no exponents.
func inSeconds(n json.Number) string {
	if !strings.ContainsAny(n.String(), "eE") {
		return n.String() + "s"
	}
	seconds, _ := n.Float64() // without end where it is out of range
	seconds = max(-math.MaxInt64, min(seconds, math.MaxInt64))
	return strconv.FormatFloat(seconds, 'f', -1, 64) + "s"
}

// limit turns the body into what the registry takes. The problem is "" if it can be.
func (b quotaBody) limit() (limit registry.QuotaLimit, problem string) {
	if b.Until != "" && b.RetryAfter != "" {
		return limit, "until and retry_after exclude each other"
	}
	limit = registry.QuotaLimit{Source: registry.QuotaSource(b.Source), Reason: b.Reason}
	if limit.Until, problem = momentFrom("until", b.Until); problem != "" {
		return limit, problem
	}
	if limit.RetryAfter, problem = durationFrom("retry_after", b.RetryAfter); problem != "" {
		return limit, problem
	}
	limit.Seen, problem = positionFrom("seen", b.Seen)
	return limit, problem
}

// setQuota marks a model as over quota. Where a source is named that is not a person, the mark is as the registry's own
// would be; else it is an operator's.
func (a *API) setQuota(w http.ResponseWriter, r *http.Request) {
	client, model, ok := pathPair(w, r)
	var body quotaBody
	if !ok || !readBody(w, r, strict.Decoder{Short: secondsByNumber}, &body, true) {
		return
	}
	limit, problem := body.limit()
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	ctx := reported(r)
	if limit.Source == "" || limit.Source == registry.SourceOperator {
		limit.Source, ctx = registry.SourceOperator, byHand(r)
	}
	a.answerMark(w, r, client, model, a.registry.SetModelQuotaExceededUntil(ctx, client, model, limit))
}

// suspensionBody is what a PUT of a suspension says.
type suspensionBody struct {
	Reason string `json:"reason"`
	Until  string `json:"until"` // RFC 3339; empty: until it is resumed
}

func (a *API) suspend(w http.ResponseWriter, r *http.Request) {
	client, model, ok := pathPair(w, r)
	var body suspensionBody
	if !ok || !readBody(w, r, strict.Decoder{}, &body, true) {
		return
	}
	until, problem := momentFrom("until", body.Until)
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	a.answerMark(w, r, client, model, a.registry.SuspendClientModelUntil(byHand(r), client, model, body.Reason, until))
}

// answerMark answers with what the view now says of the pair.
func (a *API) answerMark(w http.ResponseWriter, r *http.Request, client, model string, err error) {
	a.answerWrite(w, r, err, func() any { return a.registry.ClientModelStatus(client, model) })
}

func (a *API) clearQuota(w http.ResponseWriter, r *http.Request) {
	a.lift(w, r, a.registry.ClearModelQuotaExceeded, a.registry.ClearModelQuotaExceededAsOf)
}

func (a *API) resume(w http.ResponseWriter, r *http.Request) {
	a.lift(w, r, a.registry.ResumeClientModel, a.registry.ResumeClientModelAsOf)
}

// lift ends a mark: by hand whatever is there; for a request that began at the position ?seen= and succeeded, only what
// was set before, and nothing that a person set.
func (a *API) lift(w http.ResponseWriter, r *http.Request, now func(ctx context.Context, client, model string) error,
	asOf func(ctx context.Context, client, model string, seen registry.Position) error,
) {
	client, model, ok := pathPair(w, r)
	if !ok {
		return
	}
	values := r.URL.Query()
	if !values.Has("seen") {
		a.answerWrite(w, r, now(byHand(r), client, model), nil)
		return
	}
	text := values.Get("seen")
	seen, problem := positionFrom("seen", text)
	if text == "" { // of a caller that has lost its position
		problem = "seen is empty; leave it out to end whatever mark is there, as a person"
	}
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	a.answerWrite(w, r, asOf(reported(r), client, model, seen), nil)
}

func momentFrom(field, text string) (moment time.Time, problem string) {
	if text == "" {
		return time.Time{}, ""
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil || moment.IsZero() {
		return time.Time{}, fmt.Sprintf("%s is %q; must be a moment such as 2026-01-31T12:00:00Z", field, text)
	}
	return moment, ""
}

// durationSyntax is that of what time.ParseDuration takes if it is not too long.
var durationSyntax = regexp.MustCompile(`^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`)

// durationFrom reads a duration; one that is too long for Go is the longest, which the registry then caps as it caps a
// moment that is too far.
func durationFrom(field, text string) (d time.Duration, problem string) {
	if text == "" {
		return 0, ""
	}
	d, err := time.ParseDuration(text)
	if err != nil && durationSyntax.MatchString(text) {
		return math.MaxInt64, ""
	}
	if err != nil || d <= 0 {
		return 0, fmt.Sprintf("%s is %q; must be a duration above 0 such as \"90s\" or \"1h30m\"", field, text)
	}
	return d, ""
}
