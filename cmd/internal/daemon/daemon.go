// Package daemon runs a replica of the registry with an HTTP server: it registers the configured clients, follows their
// catalogue, tidies, and leaves the registry cleanly.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
)

const shutdownTimeout = 5 * time.Second // for requests under way

// Daemon is a running daemon.
type Daemon struct {
	log      logrus.FieldLogger
	replica  *replica
	listener net.Listener
	drain    time.Duration
	api      *httpapi.API
	server   *http.Server
	watcher  *catalogue.Watcher // nil without a catalogue

	cancel  context.CancelFunc
	running sync.WaitGroup
	failed  chan error // what ended the HTTP server before its time
}

// Run runs a daemon until ctx ends, and then stops it. It returns nil if it could start and nothing ended it early.
func Run(ctx context.Context, c *config.Config, log logrus.FieldLogger) error {
	d, err := Start(ctx, c, log)
	if ctx.Err() != nil && err != nil {
		return nil // told to stop before it had started
	}
	if err != nil {
		return err
	}
	defer d.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-d.failed:
		return fmt.Errorf("http server: %w", err)
	}
}

// Start returns a daemon that serves, with all its clients registered. ctx limits the start only. A setting that cannot
// be used is a *config.Error; registry.ErrUnavailable if Redis cannot be reached. No error repeats a password.
func Start(ctx context.Context, c *config.Config, log logrus.FieldLogger) (*Daemon, error) {
	clients, err := newClients(c, log)
	if err != nil {
		return nil, err
	}
	secure, err := c.ListenTLS(func(err error) {
		log.WithError(err).Error("the renewed certificate of the HTTP server cannot be used; the last good one stays")
	})
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, c.Listen) // first, since it is the cheapest to find impossible
	if err != nil {
		return nil, err
	}
	r, err := openReplica(ctx, c, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	clients.registry, clients.held = r.registry, r.registry.Local()
	if err := clients.registerAll(ctx); err != nil {
		r.close(log)
		return nil, errors.Join(err, listener.Close())
	}

	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d := &Daemon{log: log, replica: r, listener: listener, drain: c.DrainTime, cancel: cancel, failed: make(chan error, 1)}
	held := holds.New(r.registry, r.registry.Local(), clients.ids(), log)
	d.api = httpapi.New(r.registry, held, log, httpapi.Options{Tokens: c.Tokens})
	d.server = d.api.Server()
	d.server.TLSConfig = secure
	d.running.Go(d.serve)
	d.running.Go(func() { clients.follow(background) })
	d.running.Go(func() { held.Run(background) })
	d.running.Go(func() { tidy(background, r.registry, log) })
	if clients.catalogue != nil {
		d.watcher = catalogue.Watch(c.Catalogue, clients.catalogue, clients.adopt, log)
	}
	log.WithFields(logrus.Fields{"address": d.Address(), "clients": len(c.Clients)}).Info("serving")
	return d, nil
}

// Address is where the daemon listens, as host:port.
func (d *Daemon) Address() string { return d.listener.Addr().String() }

// Stop makes readiness answer 503, lets requests under way end within 5 s, gives up this replica's holds, and returns
// when nothing of the daemon runs any more. What goes wrong on the way is logged.
func (d *Daemon) Stop() {
	d.api.Drain()
	d.log.Info("shutting down")
	time.Sleep(d.drain) // net/http answers nothing that comes after Shutdown, so nobody would see the 503
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := d.server.Shutdown(ctx); err != nil {
		d.log.WithError(err).Warn("requests under way were cut")
		_ = d.server.Close() // closes the same connections by force
	}
	if d.watcher != nil {
		d.watcher.Close()
	}
	d.cancel()
	d.running.Wait()
	d.replica.close(d.log)
	d.log.Info("stopped")
}

func (d *Daemon) serve() {
	serve := d.server.Serve
	if d.server.TLSConfig != nil {
		serve = func(l net.Listener) error { return d.server.ServeTLS(l, "", "") }
	}
	if err := serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
		d.failed <- err
	}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen: %s is in use by another process; choose another address with --listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}
