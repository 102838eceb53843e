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

// WatchDaemon is a watch through a daemon that must begin a stream within limit, and not be silent in it for so long.
func WatchDaemon(ctx context.Context, server string, limit, silence time.Duration, tell func(registry.Event) error) error {
	base, err := url.Parse(server)
	if err != nil {
		return err
	}
	log := logrus.New()
	log.SetLevel(logrus.ErrorLevel)
	d := &viaDaemon{base: base, client: &http.Client{}, log: log, limit: limit, silence: silence}
	return d.Watch(ctx, func(error) error { return nil }, tell)
}

// SuspendAtDaemon is a write through a daemon that must answer within limit.
func SuspendAtDaemon(ctx context.Context, server string, limit time.Duration) error {
	base, err := url.Parse(server)
	if err != nil {
		return err
	}
	d := &viaDaemon{base: base, client: &http.Client{}, limit: limit}
	_, err = d.Suspend(ctx, "c", "m", "r", time.Time{})
	return err
}

// ErrNoDaemon and ErrUnknown tell the tests how a request ended.
var ErrNoDaemon, ErrUnknown = errNoDaemon, errUnknown

// BenchText is what bench says of one kind of operation.
func BenchText(name string, p50, p99, max, perSecond, ratio float64) string {
	results := []benchResult{{Name: name, P50: p50, P99: p99, Max: max, Throughput: perSecond, Ratio: ratio}}
	return string(tablesText([]table{benchTable(results)}, false))
}
