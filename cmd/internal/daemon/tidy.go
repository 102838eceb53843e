package daemon

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
)

const tidyInterval = time.Minute

// cleaner is what tidy needs of a registry.
type cleaner interface {
	CleanupExpiredQuotas(ctx context.Context) (removed int, err error)
}

// tidy removes expired marks from Redis until ctx ends. Nothing depends on it but Redis' memory: a mark that is over is
// over without it.
func tidy(ctx context.Context, r cleaner, log logrus.FieldLogger) {
	ticker := time.NewTicker(tidyInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		removed, err := r.CleanupExpiredQuotas(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.WithError(err).Warn("expired marks were not removed; trying again in a minute")
		case removed > 0:
			log.WithField("removed", removed).Debug("removed expired marks")
		}
	}
}
