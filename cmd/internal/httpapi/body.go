package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

// maxBody is the most that a request may bring.
const maxBody = 4 << 20

// readBody sets what dst points to from a request's JSON, by the letter. An empty body leaves it as it is where that is
// allowed. Where the body cannot be used the request is answered, and ok is false.
func readBody(w http.ResponseWriter, r *http.Request, d strict.Decoder, dst any, mayBeEmpty bool) (ok bool) {
	if problem := mediaProblem(r.Header); problem != "" {
		shapeOf(r).writeError(w, http.StatusUnsupportedMediaType, problem)
		return false
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		shapeOf(r).writeError(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody))
		return false
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		shapeOf(r).writeErrorCode(w, http.StatusRequestTimeout, "request_timeout", "the body did not come in time")
		return false
	}
	if err != nil {
		shapeOf(r).writeError(w, http.StatusBadRequest, "the body did not come whole")
		return false
	}
	if len(bytes.TrimSpace(data)) == 0 && mayBeEmpty {
		return true
	}
	if problem := decodeBody(data, d, dst); problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return false
	}
	return true
}

// mediaProblem says why a body cannot be JSON as it is; "" means that it can. What type it is said to be does not matter:
// curl says of all that it is a form.
func mediaProblem(h http.Header) string {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fmt.Sprintf("Content-Encoding is %q; the body must come as it is, without one", coding)
	}
	_, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	if charset := parameters["charset"]; err == nil && charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fmt.Sprintf("the charset of Content-Type is %q; the body must be JSON in utf-8", charset)
	}
	return ""
}

// decodeBody reads JSON by the letter. The problem is "" where it can be read.
func decodeBody(data []byte, d strict.Decoder, dst any) (problem string) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // created and the like have 64 bits
	switch err := decoder.Decode(&value); {
	case errors.Is(err, io.EOF):
		return "the body is empty; it must be a JSON object"
	case err != nil:
		return "the body is not valid JSON: " + err.Error()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "the body has something behind its JSON object"
	}
	if value == nil {
		return "the body is null; it must be a JSON object"
	}
	err := d.CheckJSON(data)
	if err == nil {
		err = d.Decode("", value, dst)
	}
	var misfit *strict.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &misfit) && misfit.Path == "":
		return "the body " + misfit.Problem
	default:
		return err.Error()
	}
}
