package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

type picked struct {
	Client string `json:"client"`
}

// pick answers with a client that may be used for the model now, or says why there is none: 429 while some are cooling,
// 503 where all are suspended or excluded, 404 where nobody supplies the model. What this daemon holds it knows also when
// it is cut off.
func (a *API) pick(w http.ResponseWriter, r *http.Request) {
	model, ok := pathID(w, r, "id", "model")
	if !ok {
		return
	}
	values := r.URL.Query()
	local, problem := yesOrNo(values, "local")
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	options := registry.PickOptions{Exclude: values["exclude"], Local: local}
	for _, provider := range values["provider"] {
		options.Providers = append(options.Providers, strings.ToLower(provider))
	}
	client, ok := a.registry.PickClient(model, options)
	if ok {
		writeJSON(w, http.StatusOK, picked{client})
		return
	}
	view := registryView(a.registry)
	if local {
		view = a.registry.Local()
	}
	status := unpicked(view, model, options)
	if status.Clients == 0 && !local && len(options.Exclude) == 0 && a.cutOff() {
		writeStale(w, r)
		return
	}
	writeNoPick(w, r, model, status)
}

// registryView is what unpicked asks, of the whole registry or of this replica's part.
type registryView interface {
	Clients() []registry.ClientStatus
	ClientModelStatus(clientID, modelID string) registry.ClientModelStatus
	ModelStatus(modelID string) registry.ModelStatus
}

// unpicked counts, by state, the clients that a pick could have come to.
func unpicked(view registryView, model string, options registry.PickOptions) registry.ModelStatus {
	if len(options.Providers) == 0 && len(options.Exclude) == 0 {
		return view.ModelStatus(model)
	}
	status := registry.ModelStatus{ModelID: model}
	for _, client := range view.Clients() {
		if !slices.Contains(client.Models, model) || slices.Contains(options.Exclude, client.ClientID) ||
			(len(options.Providers) > 0 && !slices.Contains(options.Providers, client.Provider)) {
			continue
		}
		status.Clients++
		one := view.ClientModelStatus(client.ClientID, model)
		switch one.State {
		case registry.StateCooling:
			status.Cooling++
		case registry.StateSuspended:
			status.Suspended++
		}
		if !one.Until.IsZero() && (status.Recovery.IsZero() || one.Until.Before(status.Recovery)) {
			status.Recovery, status.RecoversIn = one.Until, time.Until(one.Until)
		}
	}
	return status
}

func writeNoPick(w http.ResponseWriter, r *http.Request, model string, status registry.ModelStatus) {
	form, query := shapeOf(r), r.URL.Query()
	switch {
	case status.Clients == 0 && query.Has("exclude"):
		form.writeErrorCode(w, http.StatusServiceUnavailable, "no_client_left", fmt.Sprintf("no client of model %q is left that is not excluded", model))
	case status.Clients == 0 && (query.Has("provider") || query.Has("local")):
		writeNoModel(w, r, "no such client", model)
	case status.Clients == 0:
		writeNoModel(w, r, "no client", model)
	case status.Cooling > 0 && !status.Recovery.IsZero():
		writeCooldown(w, model, status.Recovery, status.RecoversIn)
	case status.Cooling > 0: // suspended for their quota, without an end
		form.writeErrorCode(w, http.StatusTooManyRequests, codeCooldown,
			fmt.Sprintf("all clients of model %s are cooling down; nobody knows until when", model))
	default:
		if !status.Recovery.IsZero() {
			w.Header().Set("Retry-After", fmt.Sprint(max(1, wholeSeconds(status.RecoversIn))))
		}
		form.writeErrorCode(w, http.StatusServiceUnavailable, "model_suspended", fmt.Sprintf("all clients of model %q are suspended", model))
	}
}

func writeNoModel(w http.ResponseWriter, r *http.Request, nobody, model string) {
	shapeOf(r).writeErrorCode(w, http.StatusNotFound, "model_not_found", fmt.Sprintf("%s supplies a model %q", nobody, model))
}
