package httpapi

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/registry"
)

type modelStateList struct {
	Models []registry.ModelStatus `json:"models"`
}

// modelStates answers with every model that a client supplies, those included that are not listed since all of their
// clients are suspended.
func (a *API) modelStates(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, modelStateList{a.registry.Models()})
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
	if status.Clients == 0 && a.cutOff() {
		writeStale(w, r)
		return
	}
	if status.Clients == 0 {
		writeNoModel(w, r, "no client", id)
		return
	}
	writeJSON(w, http.StatusOK, modelState{status, a.registry.GetModelInfo(id)})
}
