package httpapi

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/registry"
)

type replicaList struct {
	Replicas []registry.ReplicaStatus `json:"replicas"`
}

// replicas asks Redis who takes part; the view does not know it.
func (a *API) replicas(w http.ResponseWriter, r *http.Request) {
	replicas, err := a.registry.Replicas(r.Context())
	if err != nil {
		a.writeFailure(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, replicaList{replicas})
}
