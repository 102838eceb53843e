package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// answer is a body that can be sent many times. Its tag comes from the body alone, so that daemons which show the same
// have the same tag, and a restart changes none.
type answer struct {
	body []byte
	tag  string
	// The values of headers, as http.Header keeps them; nobody may change them.
	tags, lengths []string
}

func newAnswer(body any) *answer {
	encoded := encode(body)
	sum := sha256.Sum256(encoded)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
	return &answer{encoded, tag, []string{tag}, []string{strconv.Itoa(len(encoded))}}
}

// The values of headers that all prepared answers share. Caches may keep what they ask about before they use it.
var (
	noSniff = []string{"nosniff"}
	noCache = []string{"no-cache"}
	vary    = []string{"Anthropic-Version"}
)

// serve sends a prepared answer, or 304 to who has it already.
func (a *answer) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Etag"] = a.tags
	h["Cache-Control"] = noCache
	h["Vary"] = vary
	if asked := r.Header["If-None-Match"]; len(asked) > 0 && a.among(asked) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = contentTypeJSON
	h["X-Content-Type-Options"] = noSniff
	h["Content-Length"] = a.lengths
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // whether it arrived is the connection's business
	}
}

// among says whether If-None-Match names the answer. As HTTP has it, a weak tag is as good there, and * is any.
func (a *answer) among(asked []string) bool {
	for _, line := range asked {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == a.tag || tag == "*" {
				return true
			}
		}
	}
	return false
}
