package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

// models answers GET /v1/models, a path that OpenAI and Anthropic share; the version header tells them apart.
func (a *API) models(w http.ResponseWriter, r *http.Request) {
	form := shapeOf(r)
	if form == openAI && r.URL.RawQuery == "" {
		a.lists.now().plainList().serve(w, r)
		return
	}
	values, problem := query(r)
	var s selection
	if problem == "" {
		s, problem = selectionOf(values)
	}
	if problem != "" {
		form.writeError(w, http.StatusBadRequest, problem)
		return
	}
	if form == anthropic {
		a.anthropicModels(w, r, s, values)
		return
	}
	g := a.lists.now()
	g.variant(s.key(openAI), func() any {
		models := a.lists.selected(g, s)
		list := openAIList{"list", make([]map[string]any, len(models))}
		for i, m := range models {
			list.Data[i] = a.lists.detailOf(m.ID, s.detail).addTo(toOpenAI(m))
		}
		return list
	}).serve(w, r)
}

// model answers GET /v1/models/{model} with one entry of the list.
func (a *API) model(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r, "model", "model")
	if !ok {
		return
	}
	form := shapeOf(r)
	detailed, problem := detailWanted(r)
	if problem != "" {
		form.writeError(w, http.StatusBadRequest, problem)
		return
	}
	m := a.lists.now().model(id)
	switch {
	case m == nil:
		form.writeErrorCode(w, http.StatusNotFound, "model_not_found", noSuchModel(id))
	case form == anthropic:
		newAnswer(toAnthropic(m, a.lists.detailOf(id, detailed))).serve(w, r)
	default:
		newAnswer(a.lists.detailOf(id, detailed).addTo(toOpenAI(m))).serve(w, r)
	}
}

func noSuchModel(name string) string { return "no client lists a model " + strconv.Quote(name) }

// detailWanted reads the one parameter that a single model has.
func detailWanted(r *http.Request) (wanted bool, problem string) {
	values, problem := query(r)
	if problem != "" {
		return false, problem
	}
	return yesOrNo(values, "detail")
}

// openAIList is the whole list: OpenAI's has no pages.
type openAIList struct {
	Object string           `json:"object"`
	Data   []map[string]any `json:"data"`
}

// plainList is OpenAI's list without parameters, by far the most asked for.
func (g *generation) plainList() *answer {
	g.whole.Do(func() {
		list := openAIList{"list", make([]map[string]any, len(g.models))}
		for i, m := range g.models {
			list.Data[i] = toOpenAI(m)
		}
		g.plain = newAnswer(list)
	})
	return g.plain
}

func toOpenAI(m *registry.ModelInfo) map[string]any { return m.Format("openai") }

const (
	anthropicDefaultLimit = 20
	anthropicMaxLimit     = 1000
)

type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
	*detail
}

type anthropicList struct {
	Data    []anthropicModel `json:"data"`
	HasMore bool             `json:"has_more"`
	FirstID *string          `json:"first_id"` // null where the page is empty
	LastID  *string          `json:"last_id"`
}

func (a *API) anthropicModels(w http.ResponseWriter, r *http.Request, s selection, values url.Values) {
	limit, problem := wholeNumber(values, "limit", anthropicDefaultLimit, 1, anthropicMaxLimit)
	beforeID, afterID := values.Get("before_id"), values.Get("after_id")
	if problem == "" && beforeID != "" && afterID != "" {
		problem = "before_id and after_id exclude each other"
	}
	if problem != "" {
		anthropic.writeError(w, http.StatusBadRequest, problem)
		return
	}
	g := a.lists.now()
	g.variant(s.key(anthropic, strconv.Itoa(limit), beforeID, afterID), func() any {
		entries := entriesOf(a.lists.selected(g, s), func(m *registry.ModelInfo) string { return m.ID })
		var page []entry[*registry.ModelInfo]
		var list anthropicList
		switch {
		case beforeID != "":
			page, list.HasMore = before(entries, beforeID, limit)
		case afterID != "":
			page, list.HasMore = after(entries, afterID, limit)
		default:
			page, list.HasMore = firstOf(entries, limit)
		}
		list.Data = make([]anthropicModel, len(page))
		for i, e := range page {
			list.Data[i] = toAnthropic(e.item, a.lists.detailOf(e.item.ID, s.detail))
		}
		if n := len(list.Data); n > 0 {
			list.FirstID, list.LastID = &list.Data[0].ID, &list.Data[n-1].ID
		}
		return list
	}).serve(w, r)
}

// toAnthropic takes from a description what Anthropic's shape has. An unknown date is the start of the epoch there; one
// that cannot be written, which a replica that is no daemon may register, is the nearest that can.
func toAnthropic(m *registry.ModelInfo, d *detail) anthropicModel {
	name := m.DisplayName
	if name == "" {
		name = m.ID
	}
	created := time.Unix(min(max(0, m.Created), config.MaxCreated), 0).UTC().Format(time.RFC3339)
	return anthropicModel{"model", m.ID, name, created, d}
}
