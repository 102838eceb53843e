package quotasignal

import (
	"bytes"
	"encoding/json"
	"strings"
)

const maxBody = 256 << 10 // bytes

// text is any scalar of JSON, as it is written; the empty text for anything else.
type text string

// UnmarshalJSON implements json.Unmarshaler. It takes whatever comes, so that an unexpected field does not hide others.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	switch {
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		*t = text(s)
		return err
	case raw[0] >= '0' && raw[0] <= '9':
		*t = text(raw)
	}
	return nil
}

// failure is an error in a body, with the fields that one provider or another has.
type failure struct {
	Type     text `json:"type"`
	Code     text `json:"code"`
	Status   text `json:"status"`
	Message  text `json:"message"`
	ResetsAt text `json:"resets_at"`
	ResetsIn text `json:"resets_in_seconds"`
	Errors   []struct {
		Reason text `json:"reason"`
	} `json:"errors"`
	Details details `json:"details"`
}

// details is a list with Google and an object with Anthropic.
type details struct {
	list []detail
	code text
}

type detail struct {
	Reason     text `json:"reason"`
	RetryDelay text `json:"retryDelay"`
	Metadata   struct {
		ResetAt text `json:"quotaResetTimeStamp"`
		ResetIn text `json:"quotaResetDelay"`
		Limit   text `json:"quota_limit"`
	} `json:"metadata"`
	Violations []struct {
		ID text `json:"quotaId"`
	} `json:"violations"`
}

// UnmarshalJSON implements json.Unmarshaler, and takes whatever comes.
func (d *details) UnmarshalJSON(raw []byte) error {
	switch raw[0] {
	case '[':
		decode(raw, &d.list)
	case '{':
		var object struct {
			Code text `json:"error_code"`
		}
		decode(raw, &object)
		d.code = object.Code
	}
	return nil
}

// decode fills in what fits. A field of another type than expected is left out, and the rest is read all the same.
func decode(raw []byte, into any) { _ = json.Unmarshal(raw, into) }

// readFailure finds the error in a body: a JSON object, an array of them, or the lines of a stream. Without one it
// returns the zero failure.
func readFailure(body []byte) failure {
	body = bytes.TrimSpace(body[:min(len(body), maxBody)])
	if len(body) > 0 && (body[0] == '{' || body[0] == '[') {
		f, _ := readDocument(body, 2)
		return f
	}
	for line := range bytes.Lines(body) {
		data, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok {
			continue
		}
		if f, _ := readDocument(data, 2); f.namesRate() || f.namesSpent() {
			return f
		}
	}
	return failure{}
}

// readDocument reads a JSON object or an array of them. Proxies put the error of a provider into the message of their
// own; depth says how many of those are opened.
func readDocument(raw []byte, depth int) (f failure, found bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '[' {
		var all []json.RawMessage
		decode(raw, &all)
		for _, one := range all {
			if one = bytes.TrimSpace(one); one[0] != '{' {
				continue // an array in an array, above all: they could go deep
			}
			if f, found = readDocument(one, depth); found {
				return f, true
			}
		}
		return failure{}, false
	}
	var envelope struct {
		Error    json.RawMessage `json:"error"`
		Detail   json.RawMessage `json:"detail"`
		Response struct {
			Error json.RawMessage `json:"error"`
		} `json:"response"`
	}
	decode(raw, &envelope)
	for _, inner := range []json.RawMessage{envelope.Error, envelope.Response.Error, envelope.Detail, raw} {
		if len(inner) == 0 {
			continue
		}
		f = failure{}
		switch inner[0] {
		case '{':
			decode(inner, &f)
		case '"':
			decode(inner, &f.Message)
		}
		if f.Type != "" || f.Code != "" || f.Status != "" || f.Message != "" {
			found = true
			break
		}
	}
	if at := strings.IndexByte(string(f.Message), '{'); at >= 0 && depth > 0 {
		if inner, ok := readDocument([]byte(f.Message[at:]), depth-1); ok {
			return inner, true
		}
	}
	return f, found
}

// names tells whether one of the words by which an error says what it is stands in a set. Case does not matter.
func (f failure) names(set map[string]bool) bool {
	words := []text{f.Type, f.Code, f.Status}
	for _, e := range f.Errors {
		words = append(words, e.Reason)
	}
	for _, d := range f.Details.list {
		words = append(words, d.Reason)
	}
	for _, word := range words {
		if len(word) < 64 && set[strings.ToLower(string(word))] {
			return true
		}
	}
	return false
}

// namesRate tells whether an error is about a limit that comes back by itself.
func (f failure) namesRate() bool { return f.names(rateWords) }

// namesSpent tells whether an error is about a limit that comes back when somebody pays, or at an unknown time.
func (f failure) namesSpent() bool { return f.names(spentWords) }

var (
	rateWords = set("429",
		"rate_limit_error",                 // Anthropic
		"rate_limit_exceeded", "slow_down", // OpenAI
		"usage_limit_reached",                                                                 // Codex
		"resource_exhausted", "quota_exhausted", "ratelimitexceeded", "userratelimitexceeded", // Google
		"quotaexceeded", "dailylimitexceeded",
	)
	spentWords = set(
		"billing_error",                                                                       // Anthropic
		"insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded", // OpenAI
		"project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
		"insufficient_g1_credits_balance", // Google
		"exceeded_current_quota_error",    // Moonshot
	)
)

func set(words ...string) map[string]bool {
	made := make(map[string]bool, len(words))
	for _, word := range words {
		made[word] = true
	}
	return made
}

// isPoor tells from the message whether an account has no money left, for those that have no word for it.
func (f failure) isPoor() bool {
	message := strings.ToLower(string(f.Message))
	for _, phrase := range []string{
		"credit balance is too low",                                           // Anthropic
		"insufficient credits", "requires more credits", "key limit exceeded", // OpenRouter
		"insufficient balance", // DeepSeek
	} {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}
