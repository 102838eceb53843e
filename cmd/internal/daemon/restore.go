package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
)

// heldView shows the clients that this replica holds.
type heldView interface {
	Client(clientID string) (registry.ClientStatus, bool)
	GetModelsForClient(clientID string) []*registry.ModelInfo
}

// restore registers anew the clients that somebody else has defined and that nobody but this replica holds any more: what
// is left of them is what the config file says. While others hold such a client the last registration counts, so that
// replicas do not fight. One that was evicted is held by nobody here, and stays away.
func (c *clients) restore(ctx context.Context) {
	for i := range c.configs {
		if !c.isForeign(i) {
			continue
		}
		if c.registry.Sync(ctx) != nil { // it may be evicted already, or held by others
			return
		}
		if !c.isForeign(i) {
			continue
		}
		log := c.log.WithFields(logrus.Fields{"client": c.configs[i].ID, "models": len(c.registered[i])})
		switch err := c.register(ctx, i, c.registered[i]); {
		case errors.Is(err, registry.ErrInvalid):
			log.WithError(err).Error("the registry refuses the client of the config file; what somebody else registered stays")
			status, _ := c.held.Client(c.configs[i].ID)
			c.looked[i] = status.RegisteredAt // not to be tried again
		case err != nil && ctx.Err() == nil && !c.stuck[i]:
			c.stuck[i] = true
			log.WithError(err).Warn("somebody else has registered the client, and it cannot be registered again as the config file has it; trying again")
		case err == nil:
			c.stuck[i] = false
			log.Warn("somebody else had registered the client; registered again as the config file has it")
		}
	}
}

// isForeign says whether a client is held by this replica alone and is not what was registered here. Definitions are
// compared once each.
func (c *clients) isForeign(i int) bool {
	config := c.configs[i]
	status, ok := c.held.Client(config.ID)
	if !ok || len(status.Holders) > 1 || status.RegisteredAt.Equal(c.looked[i]) {
		return false
	}
	if status.Provider == strings.ToLower(config.Provider) &&
		sameModels(c.held.GetModelsForClient(config.ID), c.registered[i]) {
		c.looked[i] = status.RegisteredAt
		return false
	}
	return true
}

// sameModels compares the models that the registry has of a client with those that it was given, of which it takes each
// ID once.
func sameModels(has, given []*registry.ModelInfo) bool {
	seen := make(map[string]bool, len(given))
	for _, model := range given {
		if seen[model.ID] {
			continue
		}
		seen[model.ID] = true
		if len(has) == 0 || encoded(has[0]) != encoded(model) {
			return false
		}
		has = has[1:]
	}
	return len(has) == 0
}

// encoded is a model as it travels: a list that is empty is one that is missing.
func encoded(model *registry.ModelInfo) string {
	text, err := json.Marshal(model)
	if err != nil {
		panic(err) // a model has nothing that cannot be encoded
	}
	return string(text)
}
