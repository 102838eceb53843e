package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAProvidersAnswerIsTakenAsItCame(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t)
	reset := time.Now().Add(3 * time.Hour).Truncate(time.Second)
	for name, c := range map[string]struct {
		status      int
		headers     map[string]string
		body        string
		source      string
		least, most time.Duration // until the mark ends
	}{
		"claude": {429, map[string]string{
			"anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-representative-claim": "five_hour",
			"anthropic-ratelimit-unified-5h-status": "rejected", "anthropic-ratelimit-unified-5h-reset": fmt.Sprint(reset.Unix()),
		}, `{"type":"error","error":{"type":"rate_limit_error","message":"m"}}`, "provider_reset", 3*time.Hour - 2*time.Minute, 3 * time.Hour},
		"openai": {429, map[string]string{"Retry-After-Ms": "7200000"}, `{"error":{"type":"tokens","code":"rate_limit_exceeded"}}`,
			"retry_after", 2*time.Hour - 2*time.Minute, 2 * time.Hour},
		"google": {429, nil, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",` +
			`"retryDelay":"3400s"}]}}`, "retry_after", 54 * time.Minute, 3400 * time.Second},
		"silent": {429, nil, "", "heuristic", 3 * time.Minute, 5 * time.Minute},
	} {
		register(t, r, name, name, named("m")...)
		body, err := json.Marshal(map[string]any{"provider": name, "status": c.status, "headers": c.headers, "body": c.body, "client": name, "model": "m"})
		must(t, err)
		got := expectStatus(t, send(api, "POST", "/api/v1/429", string(body)), 200)
		var answer struct {
			Limit struct {
				Source, Reason string
			}
			Mark struct {
				State, Source string
				Until         time.Time
			}
		}
		must(t, json.Unmarshal([]byte(got), &answer))
		left := time.Until(answer.Mark.Until)
		if answer.Mark.State != "cooling" || answer.Mark.Source != c.source || answer.Limit.Source != c.source ||
			!strings.HasPrefix(answer.Limit.Reason, name+": ") || left < c.least || left > c.most {
			t.Errorf("%s: %s, which is %v from now", name, got, left)
		}
	}
}

// TestAnAnswerThatWasCutCounts: one that ends inside a character is a 429 all the same.
func TestAnAnswerThatWasCutCounts(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	w := send(api, "POST", "/api/v1/429", `{"client":"key-1","model":"m","status":429,"headers":{"x-note":"\ud83d"},"body":"too many \ud83d"}`)
	if text := expectStatus(t, w, 200); !strings.Contains(text, `"state":"cooling"`) {
		t.Error(text)
	}
	expectStatus(t, send(api, "POST", "/api/v1/429", `{"client":"key-1\ud83d","model":"m","status":429}`), 400)
}

func TestWhatIsAboutNoQuotaChangesNothing(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	before := r.Position()
	for _, answer := range []string{`"status":500`, `"status":200,"body":"{}"`, `"status":529,"headers":{"retry-after":"60"}`} {
		expect(t, send(api, "POST", "/api/v1/429", `{"client":"key-1","model":"m",`+answer+`}`), 200, `{"limit":null,"mark":null}`)
	}
	if r.Position() != before {
		t.Errorf("position %s, was %s", r.Position(), before)
	}
	expect(t, send(api, "POST", "/api/v1/429", `{"client":"key-1","model":"other","status":429}`), 404,
		`{"error":{"message":"the client is not registered, or does not supply the model","type":"invalid_request_error","code":"not_registered"}}`)
}

func TestALateSuccessLiftsNeitherANewerMarkNorAPersons(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	const pair = "/api/v1/clients/key-1/models/m"
	state := func() string {
		t.Helper()
		got := expectStatus(t, call(api, "GET", pair), 200)
		return strings.Split(got, `"`)[3]
	}
	began := call(api, "GET", pair).Header().Get("X-Rollcall-Position")
	w := send(api, "POST", "/api/v1/429", `{"client":"key-1","model":"m","status":429,"seen":"`+began+`"}`)
	expectStatus(t, w, 200)
	told := w.Header().Get("X-Rollcall-Position")
	expectStatus(t, call(api, "DELETE", pair+"/quota?seen="+began), 204)
	if got := state(); got != "cooling" {
		t.Errorf("after a success that began before the 429: %s", got)
	}
	expectStatus(t, call(api, "DELETE", pair+"/quota?seen="+told), 204)
	if got := state(); got != "available" {
		t.Errorf("after a success that began after the 429: %s", got)
	}
	by := send(api, "PUT", pair+"/quota", `{"retry_after":"1h"}`)
	expectStatus(t, call(api, "DELETE", pair+"/quota?seen="+by.Header().Get("X-Rollcall-Position")), 204)
	if got := state(); got != "cooling" {
		t.Errorf("after a success, of what a person set: %s", got)
	}
	expectStatus(t, call(api, "DELETE", pair+"/quota"), 204)
	if got := state(); got != "available" {
		t.Errorf("after a person cleared it: %s", got)
	}
}

// TestALate429DoesNotUndoWhatAPersonCleared: the request that hit the limit had begun before that.
func TestALate429DoesNotUndoWhatAPersonCleared(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	const pair = "/api/v1/clients/key-1/models/m"
	for name, late := range map[string]func(seen string) *httptest.ResponseRecorder{
		"as it came": func(seen string) *httptest.ResponseRecorder {
			return send(api, "POST", "/api/v1/429", `{"client":"key-1","model":"m","status":429,"seen":"`+seen+`"}`)
		},
		"worked out": func(seen string) *httptest.ResponseRecorder {
			return send(api, "PUT", pair+"/quota", `{"source":"retry_after","retry_after":3600,"seen":"`+seen+`"}`)
		},
	} {
		began := call(api, "GET", pair).Header().Get("X-Rollcall-Position")
		if got := expectStatus(t, late(began), 200); !strings.Contains(got, `"state":"cooling"`) {
			t.Errorf("%s: the first 429: %s", name, got)
		}
		expectStatus(t, call(api, "DELETE", pair+"/quota"), 204)
		if got := expectStatus(t, late(began), 200); !strings.Contains(got, `"state":"available"`) {
			t.Errorf("%s: the late 429: %s", name, got)
		}
		w := call(api, "GET", pair)
		if got := expectStatus(t, late(w.Header().Get("X-Rollcall-Position")), 200); !strings.Contains(got, `"state":"cooling"`) {
			t.Errorf("%s: one of a request that began later: %s", name, got)
		}
		expectStatus(t, call(api, "DELETE", pair+"/quota"), 204)
	}
}

func TestAStarMarksTheClientAsAWhole(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m", "n")...)
	for _, star := range []string{"*", "%2A"} {
		expectStatus(t, send(api, "PUT", "/api/v1/clients/key-1/models/"+star+"/suspension", `{"reason":"r","until":"9000-01-01T00:00:00+01:00"}`), 200)
		if got := expectStatus(t, call(api, "GET", "/api/v1/clients/key-1/models/n"), 200); !strings.Contains(got, `"state":"suspended","reason":"r",`) ||
			!strings.Contains(got, `"until":"8999-12-31T23:00:00Z"`) || !strings.Contains(got, `"whole_client":true`) {
			t.Errorf("%s: %s", star, got)
		}
		expectStatus(t, call(api, "DELETE", "/api/v1/clients/key-1/models/"+star+"/suspension"), 204)
		expect(t, call(api, "GET", "/api/v1/clients/key-1/models/n"), 200, `{"state":"available"}`)
	}
}
