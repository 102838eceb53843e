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
	case strings.HasPrefix(r.URL.Path, "/api/"):
		return openAI // whatever a proxy passes on of what it was asked
	case r.URL.Path == "/v1beta" || strings.HasPrefix(r.URL.Path, "/v1beta/"):
		return gemini
	case r.Header.Get("Anthropic-Version") != "":
		return anthropic
	default:
		return openAI
	}
}

// writeJSON writes what cannot fail to encode. Whether it arrived is the connection's business.
func writeJSON(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h["Content-Type"] = contentTypeJSON
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body))
}

// contentTypeJSON is a value of http.Header, which nobody may change.
var contentTypeJSON = []string{"application/json"}

// encode returns the JSON of what cannot fail to encode, with a line's end.
func encode(body any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // net/http logs it and cuts the connection
	}
	return buffer.Bytes()
}
