package daemon

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

const retryInterval = 2 * time.Second // between tries to register what could not be registered

// registrar is what clients needs of a registry.
type registrar interface {
	RegisterClient(ctx context.Context, clientID, clientProvider string, models []*registry.ModelInfo) error
	Sync(ctx context.Context) error
}

// clients keeps the configured clients registered with the models that the latest good catalogue has for them.
type clients struct {
	registry  registrar
	held      heldView
	log       logrus.FieldLogger
	configs   []config.Client
	catalogue *catalogue.Catalogue // the first one; nil if none is configured

	mu     sync.Mutex
	wanted [][]*registry.ModelInfo // by place in configs
	news   chan struct{}

	registered [][]*registry.ModelInfo // what the registry was given last; of registerAll, then of follow
	looked     []time.Time             // when the definition was set that restore has seen to be right
	stuck      []bool                  // restore cannot register the client now, and has logged that
}

// newClients reads the catalogue and finds every client's models.
func newClients(c *config.Config, log logrus.FieldLogger) (*clients, error) {
	all := &clients{
		log: log, configs: c.Clients, news: make(chan struct{}, 1),
		registered: make([][]*registry.ModelInfo, len(c.Clients)), looked: make([]time.Time, len(c.Clients)),
		stuck: make([]bool, len(c.Clients)),
	}
	if c.Catalogue != "" {
		first, err := catalogue.Load(c.Catalogue)
		if err != nil {
			return nil, &config.Error{Field: "catalogue", Problem: err.Error()}
		}
		all.catalogue = first
		all.reportIgnored(first)
	}
	wanted, err := all.models(all.catalogue)
	all.wanted = wanted
	return all, err
}

// ids names the clients of the config file.
func (c *clients) ids() []string {
	ids := make([]string, len(c.configs))
	for i, client := range c.configs {
		ids[i] = client.ID
	}
	return ids
}

// models finds every client's models in a catalogue. The error is a *config.Error.
func (c *clients) models(from *catalogue.Catalogue) ([][]*registry.ModelInfo, error) {
	found := make([][]*registry.ModelInfo, len(c.configs))
	for i, client := range c.configs {
		if client.Section == "" {
			found[i] = client.Models
			continue
		}
		models, err := from.Models(client.Section)
		if err != nil {
			return nil, &config.Error{Field: fmt.Sprintf("clients[%d].section", i), Problem: err.Error()}
		}
		found[i] = models
	}
	return found, nil
}

func (c *clients) reportIgnored(from *catalogue.Catalogue) {
	if n := len(from.Ignored); n > 0 {
		shown := strings.Join(from.Ignored[:min(n, 3)], ", ")
		c.log.WithFields(logrus.Fields{"count": n, "first": shown}).Warn("the catalogue has fields that no model has; they are ignored")
	}
}

// registerAll registers every client and ends with the first that cannot be.
func (c *clients) registerAll(ctx context.Context) error {
	for i, models := range c.wanted {
		if err := c.register(ctx, i, models); err != nil {
			var refused *registry.InvalidError
			if errors.As(err, &refused) {
				return &config.Error{Field: fmt.Sprintf("clients[%d]", i), Problem: refused.Error()}
			}
			return fmt.Errorf("register client %q: %w", c.configs[i].ID, err)
		}
	}
	return nil
}

func (c *clients) register(ctx context.Context, i int, models []*registry.ModelInfo) error {
	err := c.registry.RegisterClient(ctx, c.configs[i].ID, c.configs[i].Provider, models)
	if err == nil || errors.Is(err, registry.ErrPending) { // pending: Redis has it
		c.registered[i] = models
		return nil
	}
	return err
}

// adopt makes a new catalogue the one that counts. It refuses one that lacks what a client needs.
func (c *clients) adopt(next *catalogue.Catalogue) error {
	wanted, err := c.models(next)
	if err != nil {
		return err
	}
	c.reportIgnored(next)
	c.mu.Lock()
	c.wanted = wanted
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default: // follow has not yet seen the news before this
	}
	return nil
}

// follow registers the clients whose models changed, and those that others have defined, until ctx ends. Where Redis is
// away it tries again.
func (c *clients) follow(ctx context.Context) {
	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.news:
		case <-retry.C:
		}
		err := c.registerChanged(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			c.log.WithError(err).Warn("the changed catalogue is not yet registered; trying again")
		}
		failing = err != nil
		if !failing {
			c.restore(ctx)
		}
	}
}

// registerChanged registers what differs from what the registry has, and returns the first error that may pass.
func (c *clients) registerChanged(ctx context.Context) error {
	c.mu.Lock()
	wanted := c.wanted
	c.mu.Unlock()
	for i, models := range wanted {
		if reflect.DeepEqual(models, c.registered[i]) {
			continue
		}
		log := c.log.WithFields(logrus.Fields{"client": c.configs[i].ID, "models": len(models)})
		err := c.register(ctx, i, models)
		switch {
		case errors.Is(err, registry.ErrInvalid):
			log.WithError(err).Error("the registry refuses the changed models; those before stay")
			c.registered[i] = models // not to be tried again
		case err != nil:
			return fmt.Errorf("register client %q: %w", c.configs[i].ID, err)
		default:
			log.Info("registered with the changed catalogue")
		}
	}
	return nil
}
