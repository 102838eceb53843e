package daemon

import (
	"context"
	"errors"
	"fmt"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// replica is the open registry, with the Redis it runs on where that is in this process.
type replica struct {
	registry *registry.ModelRegistry
	embedded *embedded.Server // nil with a Redis of its own
}

func openReplica(ctx context.Context, c *config.Config, log logrus.FieldLogger) (*replica, error) {
	options := registry.Options{
		Namespace:        c.Namespace,
		ReplicaID:        c.ReplicaID,
		LeaseTTL:         c.LeaseTTL,
		QuotaWindow:      c.QuotaWindow,
		MaxQuotaWindow:   c.MaxQuotaWindow,
		KeepMarks:        true, // a registration through any daemon means the same, whoever holds the client
		OperationTimeout: c.OperationTimeout,
		Logger:           log,
	}
	if c.RedisURL == "" {
		return openEmbedded(ctx, options, log)
	}
	var err error
	if options.TLS, err = c.TLS(); err != nil {
		return nil, err
	}
	where := store.MaskURL(c.RedisURL)
	r, err := registry.Open(ctx, c.RedisURL, options)
	if err != nil {
		return nil, openError(where, err)
	}
	log.WithFields(logrus.Fields{"redis": where, "namespace": c.Namespace}).Info("registry opened")
	return &replica{registry: r}, nil
}

func openEmbedded(ctx context.Context, options registry.Options, log logrus.FieldLogger) (*replica, error) {
	server, err := embedded.Start()
	if err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	r, err := registry.New(ctx, server.Client(), options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded redis: %w", err), server.Close())
	}
	log.Info("no redis_url is set: running on the embedded Redis, in this process only; its data are lost at exit")
	return &replica{registry: r, embedded: server}, nil
}

// openError puts the name of the setting in place of the registry's, and says which server is meant.
func openError(where string, err error) error {
	var refused *registry.InvalidError
	if errors.As(err, &refused) && refused.Field == "Options.ReplicaID" {
		return &config.Error{Field: "replica_id", Problem: refused.Problem}
	}
	if errors.As(err, &refused) {
		return &config.Error{Field: "redis_url", Problem: fmt.Sprintf("%s: %s", where, refused.Problem)}
	}
	return fmt.Errorf("redis at %s: %w", where, err)
}

// close gives up the holds. Where Redis cannot be told, they end with the lease, so this is no failure of the daemon.
func (r *replica) close(log logrus.FieldLogger) {
	if err := r.registry.Close(); err != nil {
		log.WithError(err).Warn("the registry was not closed cleanly; the others keep this replica's clients until its lease ends")
	}
	if r.embedded != nil {
		_ = r.embedded.Close() // has no way to fail
	}
}
