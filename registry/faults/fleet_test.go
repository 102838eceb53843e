package faults

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// fleet is several replicas on one server, with a load, and a watcher that reads all views.
type fleet struct {
	t        *testing.T
	server   *redistest.Server
	name     string // the namespace
	redis    redis.UniversalClient
	replicas []*registry.ModelRegistry
	load     *load
	began    time.Time     // of the fault
	detected time.Duration // after began
	epochs   []string      // of the replicas, before the fault
	waited   int64         // writes that had waited before the fault
	skew     time.Duration // how far the server's clock is ahead of ours

	watching sync.WaitGroup
	unwatch  chan struct{}
}

type fleetOptions struct {
	replicas int                // 0: 3
	lease    time.Duration      // 0: 6 s
	url      func(i int) string // nil: the server's
	timeout  time.Duration      // OperationTimeout
}

// pillars are the clients of each replica that stay registered whatever happens; the first is over quota, the second
// suspended.
const pillars = 3

func pillar(replica, i int) string { return fmt.Sprintf("pillar-%d-%d", replica, i) }

// newFleet opens the replicas, registers what stays, and starts load and watcher.
func newFleet(t *testing.T, server *redistest.Server, o fleetOptions) *fleet {
	t.Helper()
	if o.replicas == 0 {
		o.replicas = 3
	}
	if o.lease == 0 {
		o.lease = 6 * time.Second
	}
	if o.url == nil {
		o.url = func(int) string { return server.URL() }
	}
	f := &fleet{t: t, server: server, name: redistest.Namespace(t), redis: server.Admin(t), unwatch: make(chan struct{})}
	for n := range o.replicas {
		id := fmt.Sprintf("replica-%d", n)
		r, err := registry.Open(t.Context(), o.url(n), registry.Options{
			Namespace: f.name, ReplicaID: id, LeaseTTL: o.lease, OperationTimeout: o.timeout,
			QuotaWindow: 100 * time.Hour, Logger: quiet(id),
		})
		must(t, err)
		t.Cleanup(func() { _ = r.Close() }) // Redis may be gone
		f.replicas = append(f.replicas, r)
		for i := range pillars {
			must(t, r.RegisterClient(t.Context(), pillar(n, i), "gamma", infos(variant{"gamma", []string{"pillar"}})))
		}
		must(t, r.SetModelQuotaExceeded(t.Context(), pillar(n, 0), "pillar"))
		must(t, r.SuspendClientModel(t.Context(), pillar(n, 1), "pillar", "manual"))
	}
	f.load = newLoad(t, f.replicas)
	for _, r := range f.replicas {
		must(t, r.Sync(t.Context()))
	}
	f.watch()
	f.load.start()
	t.Cleanup(f.load.halt)
	f.warm()
	return f
}

// warm waits until the load has written for a while.
func (f *fleet) warm() {
	f.t.Helper()
	before := f.load.acknowledged.Load()
	eventually(f.t, "the load writes", func() error {
		if n := f.load.acknowledged.Load() - before; n < 60 {
			return fmt.Errorf("%d writes acknowledged", n)
		}
		return nil
	})
}

// watch fails the test when a view lacks what stays, or a replica's own view what it registered itself.
func (f *fleet) watch() {
	stop := sync.OnceFunc(func() { close(f.unwatch); f.watching.Wait() })
	f.t.Cleanup(stop)
	for n, r := range f.replicas {
		f.watching.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for complaints := 0; complaints < 3; {
				select {
				case <-tick.C:
				case <-f.unwatch:
					return
				}
				if err := f.look(n, r); err != nil {
					complaints++
					f.t.Errorf("the view of replica %d, %v after the fault: %v", n, time.Since(f.began), err)
				}
			}
		})
	}
}

func (f *fleet) look(n int, r *registry.ModelRegistry) error {
	for owner := range f.replicas {
		for i := range pillars {
			if !r.ClientSupportsModel(pillar(owner, i), "pillar") {
				return fmt.Errorf("client %q is not there", pillar(owner, i))
			}
		}
	}
	// Of each replica's clients one is over quota and one suspended.
	if got, want := r.GetModelCount("pillar"), len(f.replicas)*(pillars-2); got != want {
		return fmt.Errorf("%d clients for model pillar, want %d", got, want)
	}
	if len(r.GetAvailableModels("openai")) == 0 {
		return errors.New("no model is listed")
	}
	for _, c := range f.load.writers[n].own {
		c.mu.Lock()
		wrong := c.shown && c.registered != r.ClientSupportsModel(c.id, c.pair.model)
		history := c.history
		c.mu.Unlock()
		if wrong {
			return fmt.Errorf("own client %q is not as it was acknowledged at %s:\n\t%s", c.id,
				time.Now().Format("05.000"), strings.Join(history, "\n\t"))
		}
	}
	return nil
}

// fault does something bad and notes the time.
func (f *fleet) fault(do func()) {
	f.t.Helper()
	f.epochs = nil
	for _, r := range f.replicas {
		f.epochs = append(f.epochs, r.Position().Epoch)
	}
	f.waited = f.load.waited.Load()
	f.began = time.Now()
	do()
}

// notice waits until some replica has noticed: it is not connected, or its view stale, or it is in another epoch, or a
// write has to wait.
func (f *fleet) notice() {
	f.t.Helper()
	eventually(f.t, "the fault is noticed", func() error {
		if f.load.waited.Load() > f.waited {
			return nil
		}
		for i, r := range f.replicas {
			if h := r.Health(); !h.Connected || h.Stale || h.Position.Epoch != f.epochs[i] {
				return nil
			}
		}
		return errors.New("all replicas are content")
	})
	f.detected = time.Since(f.began)
}

// recovered waits until every replica is content again, in a new epoch if the data were lost, and writes go through.
// from is when it could begin to heal.
func (f *fleet) recovered(from time.Time, newEpoch bool) {
	f.t.Helper()
	eventually(f.t, "all replicas have recovered", func() error {
		for i, r := range f.replicas {
			h := r.Health()
			switch {
			case !h.Connected || h.Stale || h.Pending > 0:
				return fmt.Errorf("replica %d: %+v", i, h)
			case h.Position.Epoch != f.replicas[0].Position().Epoch:
				return fmt.Errorf("replica %d is in epoch %s, replica 0 in %s", i, h.Position.Epoch, f.replicas[0].Position().Epoch)
			case newEpoch && slices.Contains(f.epochs, h.Position.Epoch):
				return fmt.Errorf("replica %d is still in an old epoch", i)
			}
		}
		if missing := f.missing(); missing != "" {
			return fmt.Errorf("client %q is not in Redis", missing)
		}
		return nil
	})
	healed := time.Since(from)
	f.warm()
	f.report(healed)
	if resumed := f.load.resumed.Load(); resumed > f.began.UnixNano() {
		f.t.Logf("no write waits any more after %v", time.Unix(0, resumed).Sub(from).Round(time.Millisecond))
	}
}

// missing names a client that stays and is not in Redis.
func (f *fleet) missing() string {
	clients, err := f.redis.HKeys(f.t.Context(), f.key("clients")).Result()
	if err != nil {
		return err.Error()
	}
	for n := range f.replicas {
		for i := range pillars {
			if !slices.Contains(clients, pillar(n, i)) {
				return pillar(n, i)
			}
		}
	}
	return ""
}

// report says how long it took; with ROLLCALL_FAULTS_TIMES it appends to the file of that name.
func (f *fleet) report(healed time.Duration) {
	f.t.Helper()
	line := fmt.Sprintf("%s\t%d\t%d", f.t.Name(), f.detected.Milliseconds(), healed.Milliseconds())
	f.t.Logf("noticed after %v, healed within %v; %d writes acknowledged, %d waited, %d refused", f.detected.Round(time.Millisecond),
		healed.Round(time.Millisecond), f.load.acknowledged.Load(), f.load.waited.Load(), f.load.refused.Load())
	name := os.Getenv("ROLLCALL_FAULTS_TIMES")
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(f.t, err)
	_, err = fmt.Fprintln(file, line)
	must(f.t, errors.Join(err, file.Close()))
}

func (f *fleet) key(name string) string { return "rollcall:{" + f.name + "}:" + name }
