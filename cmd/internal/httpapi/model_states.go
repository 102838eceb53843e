package httpapi

import (
	"maps"
	"net/http"
	"slices"

	"github.com/rollcall-dev/rollcall/registry"
)

type modelStateList struct {
	Models []registry.ModelStatus `json:"models"`
}

// modelStates answers with every model that a client supplies, those included that are not listed since all of their
// clients are suspended.
func (a *API) modelStates(w http.ResponseWriter, r *http.Request) {
	known := map[string]bool{}
	for _, client := range a.registry.Clients() {
		for _, model := range client.Models {
			known[model] = true
		}
	}
	list := modelStateList{make([]registry.ModelStatus, 0, len(known))}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if status := a.registry.ModelStatus(id); status.Clients > 0 {
			list.Models = append(list.Models, status)
		}
	}
	writeJSON(w, http.StatusOK, list)
}

// modelState is one model with its description.
type modelState struct {
	registry.ModelStatus
	Info *registry.ModelInfo `json:"info,omitempty"`
}

func (a *API) modelState(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r, "id", "model")
	if !ok {
		return
	}
	status := a.registry.ModelStatus(id)
	if status.Clients == 0 {
		writeNoModel(w, r, id)
		return
	}
	writeJSON(w, http.StatusOK, modelState{status, a.registry.GetModelInfo(id)})
}
