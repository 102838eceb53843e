package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/registry"
)

// NewRoot lets the tests look at the verbs.
var NewRoot = newRoot

// ErrTold lets a test end a watch.
var ErrTold = errTold

// WatchDaemon is a watch through a daemon that must not be silent for so long.
func WatchDaemon(ctx context.Context, server string, silence time.Duration, tell func(registry.Event) error) error {
	base, err := url.Parse(server)
	if err != nil {
		return err
	}
	log := logrus.New()
	log.SetLevel(logrus.ErrorLevel)
	d := &viaDaemon{base: base, client: &http.Client{}, log: log, silence: silence}
	return d.Watch(ctx, func(error) error { return nil }, tell)
}

// BenchText is what bench says of one kind of operation.
func BenchText(name string, p50, p99, max, perSecond, ratio float64) string {
	results := []benchResult{{Name: name, P50: p50, P99: p99, Max: max, Throughput: perSecond, Ratio: ratio}}
	return string(tablesText([]table{benchTable(results)}, false))
}
