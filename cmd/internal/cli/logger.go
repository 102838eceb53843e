package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// newLogger returns a logger as the settings, which are valid, want it.
func newLogger(c *config.Config, out io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(out)
	if level, err := logrus.ParseLevel(c.LogLevel); err == nil {
		log.SetLevel(level)
	}
	log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true})
	if c.LogFormat == "json" {
		log.SetFormatter(&logrus.JSONFormatter{})
	}
	return log
}

// redisLog takes what the Redis client would print to stderr by itself. What matters of it comes back as errors, too.
type redisLog struct{ log logrus.FieldLogger }

// Printf implements the logger of package redis.
func (r redisLog) Printf(_ context.Context, format string, values ...any) {
	r.log.Debug(fmt.Sprintf(format, values...))
}
