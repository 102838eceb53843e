package httpapi

import (
	"net/http"
	"time"
)

// models answers GET /v1/models, a path that OpenAI and Anthropic share; the version header tells them apart.
func (a *API) models(w http.ResponseWriter, r *http.Request) {
	if shapeOf(r) == anthropic {
		a.anthropicModels(w, r)
		return
	}
	a.openAIModels(w)
}

// openAIList is the whole list: OpenAI's has no pages.
type openAIList struct {
	Object string           `json:"object"`
	Data   []map[string]any `json:"data"`
}

func (a *API) openAIModels(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, openAIList{"list", a.registry.GetAvailableModels("openai")})
}

const (
	anthropicDefaultLimit = 20
	anthropicMaxLimit     = 1000
)

type anthropicModel struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

type anthropicList struct {
	Data    []anthropicModel `json:"data"`
	HasMore bool             `json:"has_more"`
	FirstID *string          `json:"first_id"` // null where the page is empty
	LastID  *string          `json:"last_id"`
}

func (a *API) anthropicModels(w http.ResponseWriter, r *http.Request) {
	values, problem := query(r.URL.RawQuery)
	limit := 0
	if problem == "" {
		limit, problem = wholeNumber(values, "limit", anthropicDefaultLimit, 1, anthropicMaxLimit)
	}
	beforeID, afterID := values.Get("before_id"), values.Get("after_id")
	if problem == "" && beforeID != "" && afterID != "" {
		problem = "before_id and after_id exclude each other"
	}
	if problem != "" {
		anthropic.writeError(w, http.StatusBadRequest, problem)
		return
	}

	listed := a.registry.GetAvailableModels("claude")
	entries := make([]entry[anthropicModel], len(listed))
	for i, fields := range listed {
		m := toAnthropic(fields)
		entries[i] = entry[anthropicModel]{m.ID, m}
	}
	sortEntries(entries)
	var list anthropicList
	var page []entry[anthropicModel]
	switch {
	case beforeID != "":
		page, list.HasMore = before(entries, beforeID, limit)
	case afterID != "":
		page, list.HasMore = after(entries, afterID, limit)
	default:
		page, list.HasMore = firstOf(entries, limit)
	}
	list.Data = itemsOf(page)
	if n := len(list.Data); n > 0 {
		list.FirstID, list.LastID = &list.Data[0].ID, &list.Data[n-1].ID
	}
	writeJSON(w, http.StatusOK, list)
}

// toAnthropic takes from a "claude" entry what Anthropic's shape has. An unknown date is the start of the epoch there.
func toAnthropic(fields map[string]any) anthropicModel {
	id, _ := fields["id"].(string)
	name, _ := fields["display_name"].(string)
	created, _ := fields["created"].(int64)
	if name == "" {
		name = id
	}
	return anthropicModel{"model", id, name, time.Unix(created, 0).UTC().Format(time.RFC3339)}
}
