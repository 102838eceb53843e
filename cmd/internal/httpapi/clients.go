package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
	"github.com/rollcall-dev/rollcall/registry"
)

type clientList struct {
	Clients []registry.ClientStatus `json:"clients"`
}

func (a *API) clients(w http.ResponseWriter, r *http.Request) {
	list := clientList{a.registry.Clients()}
	if list.Clients == nil {
		list.Clients = []registry.ClientStatus{}
	}
	writeJSON(w, http.StatusOK, list)
}

func (a *API) client(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r, "id", "client")
	if !ok {
		return
	}
	client, ok := a.registry.Client(id)
	if !ok {
		a.writeFailure(w, r, registry.ErrNotRegistered)
		return
	}
	writeJSON(w, http.StatusOK, client)
}

// clientBody is what a PUT of a client says. A model is its ID alone, or an object.
type clientBody struct {
	Provider string                `json:"provider"`
	Models   []*registry.ModelInfo `json:"models"`
	TTL      string                `json:"ttl" strict:"stated"` // empty it would mean "for ever", which nobody says by an empty text
}

// heldClient is the answer to what makes or renews a hold.
type heldClient struct {
	Client string `json:"client"`
	TTL    string `json:"ttl,omitempty"` // none: until it is deleted or the daemon stops
}

// problem says what is wrong with the body, and "" if nothing is.
func (b clientBody) problem() string {
	if p := config.IDProblem(b.Provider, config.MaxProviderBytes); p != "" {
		return "provider " + p
	}
	if len(b.Models) == 0 {
		return "models is missing; to end a client, DELETE it"
	}
	if field, p := config.ModelsProblem("models", b.Models); p != "" {
		return field + " " + p
	}
	seen := make(map[string]int, len(b.Models))
	for i, model := range b.Models {
		if first, ok := seen[model.ID]; ok {
			return fmt.Sprintf("models[%d].id is %q, as models[%d].id is; each model is named once", i, model.ID, first)
		}
		seen[model.ID] = i
	}
	return ""
}

func (a *API) putClient(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r, "id", "client")
	var body clientBody
	if !ok || !readBody(w, r, strict.Decoder{Short: config.ModelByID}, &body, false) {
		return
	}
	problem := body.problem()
	ttl, wrong := ttlFrom(body.TTL)
	if problem == "" {
		problem = wrong
	}
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	err := a.holds.Put(byHand(r), id, body.Provider, body.Models, ttl)
	a.answerWrite(w, r, err, func() any { return heldClient{id, ttlText(ttl)} })
}

type heartbeatBody struct {
	TTL string `json:"ttl" strict:"stated"`
}

func (a *API) heartbeat(w http.ResponseWriter, r *http.Request) {
	id, ok := pathID(w, r, "id", "client")
	var body heartbeatBody
	if !ok || !readBody(w, r, strict.Decoder{}, &body, true) {
		return
	}
	ttl, problem := ttlFrom(body.TTL)
	if problem != "" {
		shapeOf(r).writeError(w, http.StatusBadRequest, problem)
		return
	}
	ttl, err := a.holds.Renew(byHand(r), id, ttl)
	a.answerWrite(w, r, err, func() any { return heldClient{id, ttlText(ttl)} })
}

func (a *API) evictClient(w http.ResponseWriter, r *http.Request) {
	if id, ok := pathID(w, r, "id", "client"); ok {
		a.answerWrite(w, r, a.holds.Evict(byHand(r), id), nil)
	}
}

// maxTTL is where a ttl that is meant seriously ends.
const maxTTL = 24 * time.Hour

func ttlFrom(text string) (ttl time.Duration, problem string) {
	if text == "" {
		return 0, ""
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl < holds.MinTTL || ttl > maxTTL {
		return 0, fmt.Sprintf("ttl is %q; must be a duration from %s to %s such as \"60s\"", text, holds.MinTTL, maxTTL)
	}
	return ttl, ""
}

func ttlText(ttl time.Duration) string {
	if ttl == 0 {
		return ""
	}
	return ttl.String()
}
