package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// reportBody is an answer of a provider as it came, and what was asked when it came.
type reportBody struct {
	Provider string            `json:"provider"`
	Status   int64             `json:"status"`
	Headers  map[string]string `json:"headers"` // of one name: the values with commas between
	Body     string            `json:"body"`
	Client   string            `json:"client"`
	Model    string            `json:"model"`
	Seen     string            `json:"seen"`
}

// reportAnswer is the limit that the provider's answer tells, and what the view says of the pair now. Both are null where
// the answer tells of none.
type reportAnswer struct {
	Limit *limitAnswer                `json:"limit"`
	Mark  *registry.ClientModelStatus `json:"mark"`
}

type limitAnswer struct {
	Until      time.Time            `json:"until,omitzero"`
	RetryAfter string               `json:"retry_after,omitempty"` // a duration
	Source     registry.QuotaSource `json:"source"`
	Reason     string               `json:"reason"`
}

func (b reportBody) problem() string {
	for _, field := range []struct{ name, problem string }{
		{"client", config.IDProblem(b.Client, maxIDBytes)},
		{"model", config.IDProblem(b.Model, maxIDBytes)},
	} {
		if field.problem != "" {
			return field.name + " " + field.problem
		}
	}
	if b.Status < 100 || b.Status > 599 {
		return "status must be the HTTP status of the provider's answer, from 100 to 599"
	}
	return ""
}

// byProvider: an answer may have been cut anywhere, and its quota counts all the same.
func byProvider(path string) bool { return path == "body" || strings.HasPrefix(path, "headers.") }

// report takes a provider's answer, works out which limit was hit, and marks the model. Nothing changes where the answer
// is about no quota, so a proxy may hand over all that are no success.
func (a *API) report(w http.ResponseWriter, r *http.Request) {
	var body reportBody
	if !readBody(w, r, strict.Decoder{Foreign: byProvider}, &body, false) {
		return
	}
	problem := body.problem()
	seen, wrong := positionFrom("seen", body.Seen)
	if problem == "" {
		problem = wrong
	}
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	header := make(http.Header, len(body.Headers))
	for name, value := range body.Headers {
		header.Add(name, value)
	}
	limit, ok := quotasignal.FromResponse(body.Provider, int(body.Status), header, []byte(body.Body), time.Now())
	if !ok {
		writeJSON(w, http.StatusOK, reportAnswer{})
		return
	}
	limit.Seen = seen
	err := a.registry.SetModelQuotaExceededUntil(reported(r), body.Client, body.Model, limit)
	a.answerWrite(w, r, err, func() any {
		mark := a.registry.ClientModelStatus(body.Client, body.Model)
		told := limitAnswer{limit.Until.UTC(), "", limit.Source, limit.Reason}
		if limit.Until.IsZero() {
			told.Until = time.Time{}
		}
		if limit.RetryAfter > 0 {
			told.RetryAfter = limit.RetryAfter.String()
		}
		return reportAnswer{&told, &mark}
	})
}
