package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The body of an error in each shape.
type (
	openAIError struct {
		Error openAIErrorBody `json:"error"`
	}
	openAIErrorBody struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    string `json:"code"`
		*cooldown
	}
	anthropicError struct {
		Type  string             `json:"type"`
		Error anthropicErrorBody `json:"error"`
	}
	anthropicErrorBody struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	geminiError struct {
		Error geminiErrorBody `json:"error"`
	}
	geminiErrorBody struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Status  string `json:"status"`
	}
)

// cooldown is what an error says beside its message where all clients of a model are cooling.
type cooldown struct {
	Model        string `json:"model"`
	ResetSeconds int64  `json:"reset_seconds"`
	ResetTime    string `json:"reset_time"`
}

// errorWords are the words of the three APIs for a status.
type errorWords struct{ openAIType, openAICode, anthropicType, geminiStatus string }

var errorNames = map[int]errorWords{
	http.StatusBadRequest:            {"invalid_request_error", "invalid_parameter", "invalid_request_error", "INVALID_ARGUMENT"},
	http.StatusUnauthorized:          {"authentication_error", "invalid_api_key", "authentication_error", "UNAUTHENTICATED"},
	http.StatusForbidden:             {"permission_error", "forbidden", "permission_error", "PERMISSION_DENIED"},
	http.StatusNotFound:              {"invalid_request_error", "not_found", "not_found_error", "NOT_FOUND"},
	http.StatusMethodNotAllowed:      {"invalid_request_error", "method_not_allowed", "invalid_request_error", "UNIMPLEMENTED"},
	http.StatusConflict:              {"invalid_request_error", "conflict", "invalid_request_error", "ABORTED"},
	http.StatusRequestEntityTooLarge: {"invalid_request_error", "request_too_large", "request_too_large", "INVALID_ARGUMENT"},
	http.StatusUnsupportedMediaType:  {"invalid_request_error", "unsupported_media_type", "invalid_request_error", "INVALID_ARGUMENT"},
	http.StatusTooManyRequests:       {"rate_limit_error", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"},
	http.StatusInternalServerError:   {"server_error", "internal_error", "api_error", "INTERNAL"},
	http.StatusServiceUnavailable:    {"server_error", "unavailable", "overloaded_error", "UNAVAILABLE"},
}

// wordsFor returns the words for a status; one without words of its own has those of its class.
func wordsFor(status int) errorWords {
	words, ok := errorNames[status]
	switch {
	case ok:
		return words
	case status >= http.StatusInternalServerError:
		return errorNames[http.StatusInternalServerError]
	default:
		return errorNames[http.StatusBadRequest]
	}
}

// writeError answers with an error in the shape.
func (s shape) writeError(w http.ResponseWriter, status int, message string) {
	s.writeErrorCode(w, status, wordsFor(status).openAICode, message)
}

// writeErrorCode is writeError with a code of its own in OpenAI's shape, the only one that has codes beside the status.
func (s shape) writeErrorCode(w http.ResponseWriter, status int, code, message string) {
	words := wordsFor(status)
	switch s {
	case anthropic:
		writeJSON(w, status, anthropicError{"error", anthropicErrorBody{words.anthropicType, message}})
	case gemini:
		writeJSON(w, status, geminiError{geminiErrorBody{status, message, words.geminiStatus}})
	default:
		writeJSON(w, status, openAIError{openAIErrorBody{message, words.openAIType, code, nil}})
	}
}

// codeCooldown says that a model's clients are all cooling.
const codeCooldown = "model_cooldown"

// writeCooldown answers 429 to the wish to use a model of which no client can be used now: the first is back at
// recovery, which is in that long from now. Seconds are whole and rounded up, so that who waits that long is not early.
// Only requests under /api/ have such a wish, so the shape is OpenAI's.
func writeCooldown(w http.ResponseWriter, model string, recovery time.Time, in time.Duration) {
	seconds := max(1, wholeSeconds(in))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	writeJSON(w, http.StatusTooManyRequests, openAIError{openAIErrorBody{
		fmt.Sprintf("all clients of model %s are cooling down; the first is back in %d s", model, seconds),
		wordsFor(http.StatusTooManyRequests).openAIType, codeCooldown, &cooldown{model, seconds, wholeTime(recovery)},
	}})
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// wholeTime writes a moment in UTC, rounded up to the second.
func wholeTime(t time.Time) string {
	return t.Add(time.Second - 1).Truncate(time.Second).UTC().Format(time.RFC3339)
}
