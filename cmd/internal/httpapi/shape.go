package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// shape is the API whose form an answer takes.
type shape int

const (
	openAI shape = iota
	anthropic
	gemini
)

// shapeOf tells from path and headers which API a request speaks.
func shapeOf(r *http.Request) shape {
	switch {
	case r.URL.Path == "/v1beta" || strings.HasPrefix(r.URL.Path, "/v1beta/"):
		return gemini
	case r.Header.Get("Anthropic-Version") != "":
		return anthropic
	default:
		return openAI
	}
}

// The body of an error in each shape.
type (
	openAIError struct {
		Error openAIErrorBody `json:"error"`
	}
	openAIErrorBody struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    string `json:"code"`
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

// errorNames are the words of the three APIs for a status.
var errorNames = map[int]struct{ openAICode, anthropicType, geminiStatus string }{
	http.StatusBadRequest:       {"invalid_parameter", "invalid_request_error", "INVALID_ARGUMENT"},
	http.StatusNotFound:         {"not_found", "not_found_error", "NOT_FOUND"},
	http.StatusMethodNotAllowed: {"method_not_allowed", "invalid_request_error", "UNIMPLEMENTED"},
}

func (s shape) writeError(w http.ResponseWriter, status int, message string) {
	names := errorNames[status]
	switch s {
	case anthropic:
		writeJSON(w, status, anthropicError{"error", anthropicErrorBody{names.anthropicType, message}})
	case gemini:
		writeJSON(w, status, geminiError{geminiErrorBody{status, message, names.geminiStatus}})
	default:
		writeJSON(w, status, openAIError{openAIErrorBody{message, "invalid_request_error", names.openAICode}})
	}
}

// writeJSON writes what cannot fail to encode. Whether it arrived is the connection's business.
func writeJSON(w http.ResponseWriter, status int, body any) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // net/http logs it and cuts the connection
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(buffer.Bytes())
}
