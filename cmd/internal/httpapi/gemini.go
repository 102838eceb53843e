package httpapi

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/registry"
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
	values, problem := query(r)
	size := 0
	var s selection
	if problem == "" {
		s, problem = selectionOf(values)
	}
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
	size = min(size, geminiMaxPage)

	g := a.lists.now()
	g.variant(s.key(gemini, strconv.Itoa(size), string(token)), func() any {
		entries := entriesOf(a.lists.selected(g, s), geminiName)
		sortEntries(entries)
		tellTwinsApart(entries)
		page, more := after(entries, string(token), size)
		list := geminiList{Models: make([]map[string]any, len(page))}
		for i, e := range page {
			list.Models[i] = a.lists.detailOf(e.item.ID, s.detail).addTo(toGemini(e.item))
		}
		if more {
			list.NextPageToken = base64.RawURLEncoding.EncodeToString([]byte(page[len(page)-1].key))
		}
		return list
	}).serve(w, r)
}

// geminiModel answers GET /v1beta/models/{model}. The model is named as the list does, with models/ in front or without,
// or by its ID.
func (a *API) geminiModel(w http.ResponseWriter, r *http.Request) {
	name, ok := pathID(w, r, "model", "model")
	if !ok {
		return
	}
	detailed, problem := detailWanted(r)
	if problem != "" {
		gemini.writeError(w, http.StatusBadRequest, problem)
		return
	}
	m := a.lists.now().geminiModel(name)
	if m == nil {
		gemini.writeError(w, http.StatusNotFound, noSuchModel(name))
		return
	}
	newAnswer(a.lists.detailOf(m.ID, detailed).addTo(toGemini(m))).serve(w, r)
}

// geminiModel returns the first model of that name, or else of that ID; nil for none.
func (g *generation) geminiModel(name string) *registry.ModelInfo {
	full := withPrefix(name)
	if i := slices.IndexFunc(g.models, func(m *registry.ModelInfo) bool { return geminiName(m) == full }); i >= 0 {
		return g.models[i]
	}
	if m := g.model(name); m != nil {
		return m
	}
	return g.model(strings.TrimPrefix(name, geminiPrefix))
}

// geminiName is a model's name in Gemini's shape; one without a name of its own has its ID's.
func geminiName(m *registry.ModelInfo) string {
	if m.Name != "" {
		return withPrefix(m.Name)
	}
	return withPrefix(m.ID)
}

func withPrefix(name string) string {
	if strings.HasPrefix(name, geminiPrefix) {
		return name
	}
	return geminiPrefix + name
}

func toGemini(m *registry.ModelInfo) map[string]any {
	fields := m.Format("gemini")
	fields["name"] = geminiName(m)
	return fields
}

// tellTwinsApart gives entries of one name keys of their own, in place: two model IDs may have the same Gemini name,
// and a page may end between them.
func tellTwinsApart[T any](entries []entry[T]) {
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
