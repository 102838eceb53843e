package httpapi

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strings"
)

const (
	geminiDefaultPage = 50
	geminiMaxPage     = 1000
	geminiPrefix      = "models/"
)

type geminiList struct {
	Models        []map[string]any `json:"models"`
	NextPageToken string           `json:"nextPageToken,omitempty"`
}

// geminiModels answers GET /v1beta/models. As in Google's APIs a page larger than the largest is cut to that, and 0 is
// the default. A page token is the name of the last model before the page, encoded since nobody should build on it.
func (a *API) geminiModels(w http.ResponseWriter, r *http.Request) {
	values, problem := query(r.URL.RawQuery)
	size := 0
	if problem == "" {
		size, problem = wholeNumber(values, "pageSize", geminiDefaultPage, 0, math.MaxInt32)
	}
	token, err := base64.RawURLEncoding.DecodeString(values.Get("pageToken"))
	if problem == "" && err != nil {
		problem = "pageToken is not one that this server gave"
	}
	if problem != "" {
		gemini.writeError(w, http.StatusBadRequest, problem)
		return
	}
	if size == 0 {
		size = geminiDefaultPage
	}

	listed := a.registry.GetAvailableModels("gemini")
	entries := make([]entry[map[string]any], len(listed))
	for i, fields := range listed {
		name, _ := fields["name"].(string)
		if !strings.HasPrefix(name, geminiPrefix) {
			name = geminiPrefix + name
			fields["name"] = name
		}
		entries[i] = entry[map[string]any]{name, fields}
	}
	sortEntries(entries)
	tellTwinsApart(entries)
	page, more := after(entries, string(token), min(size, geminiMaxPage))
	list := geminiList{Models: itemsOf(page)}
	if more {
		list.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(page[len(page)-1].key))
	}
	writeJSON(w, http.StatusOK, list)
}

// tellTwinsApart gives entries of one name keys of their own, in place: two model IDs may have the same Gemini name,
// and a page may end between them.
func tellTwinsApart(entries []entry[map[string]any]) {
	name, twins := "", 0
	for i := range entries {
		if i == 0 || entries[i].key != name {
			name, twins = entries[i].key, 0
			continue
		}
		twins++
		entries[i].key = fmt.Sprintf("%s\x00%06d", name, twins)
	}
}
