package holds_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/cmd/internal/holds"
	"github.com/rollcall-dev/rollcall/registry"
)

// pretended is a registry that notes what it is told. It holds what was registered; elsewhere is what others hold.
type pretended struct {
	mu        sync.Mutex
	calls     []string
	here      map[string]bool
	elsewhere map[string]bool
	err       error
}

func (p *pretended) note(format string, args ...any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, fmt.Sprintf(format, args...))
	return p.err
}

func (p *pretended) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// take returns the calls since the last take.
func (p *pretended) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	return calls
}

func (p *pretended) change(id string, held bool, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || errors.Is(err, registry.ErrPending) {
		p.here[id] = held
	}
	return err
}

func (p *pretended) RegisterClient(_ context.Context, id, provider string, models []*registry.ModelInfo) error {
	return p.change(id, true, p.note("register %s/%s with %d", id, provider, len(models)))
}

func (p *pretended) ReleaseClient(_ context.Context, id string) error {
	return p.change(id, false, p.note("release %s", id))
}

func (p *pretended) EvictClient(_ context.Context, id string) error {
	return p.change(id, false, p.note("evict %s", id))
}

func (p *pretended) Sync(context.Context) error { return p.note("sync") }

func (p *pretended) GetModelsForClient(string) []*registry.ModelInfo {
	return []*registry.ModelInfo{{ID: "known"}, {ID: "too"}}
}

func (p *pretended) Client(id string) (registry.ClientStatus, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return registry.ClientStatus{Provider: "q"}, p.here[id] || p.elsewhere[id]
}

// local is what the pretended registry holds itself.
type local struct{ *pretended }

func (l local) Client(id string) (registry.ClientStatus, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return registry.ClientStatus{}, l.here[id]
}

// running runs holds in a bubble until the test in it is over.
func running(t *testing.T, test func(*holds.Holds, *pretended)) {
	t.Helper()
	runningLogged(t, func(h *holds.Holds, p *pretended, _ *logtest.Hook) { test(h, p) })
}

// runningLogged is running for a test that looks at the log.
func runningLogged(t *testing.T, test func(*holds.Holds, *pretended, *logtest.Hook)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pretended{here: map[string]bool{"of-file": true}, elsewhere: map[string]bool{"theirs": true}}
		log, logged := logtest.NewNullLogger()
		h := holds.New(p, local{p}, []string{"of-file"}, log)
		ctx, cancel := context.WithCancel(t.Context())
		var ends sync.WaitGroup
		ends.Go(func() { h.Run(ctx) })
		test(h, p, logged)
		cancel()
		ends.Wait()
	})
}

var one = []*registry.ModelInfo{{ID: "m"}}

func expect(t *testing.T, p *pretended, when string, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := p.take(); !slices.Equal(got, want) {
		t.Errorf("%s: the registry was told %q, want %q", when, got, want)
	}
}

func TestAHoldEndsWithItsTTLAndNotBefore(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		must(t, h.Put(t.Context(), "a", "p", one, 10*time.Second))
		must(t, h.Put(t.Context(), "b", "p", one, 3*time.Second))
		must(t, h.Put(t.Context(), "c", "p", one, 0))
		p.take()
		time.Sleep(3*time.Second - time.Millisecond) // the clock of the bubble
		expect(t, p, "before the first ends")
		time.Sleep(time.Millisecond)
		expect(t, p, "when the first ends", "release b")
		time.Sleep(6 * time.Second)
		must(t, h.Put(t.Context(), "a", "p", one, 10*time.Second))
		expect(t, p, "put again", "register a/p with 1")
		time.Sleep(9 * time.Second)
		if ttl, err := h.Renew(t.Context(), "a", 0); ttl != 10*time.Second || err != nil {
			t.Errorf("renewed for %v, %v", ttl, err)
		}
		time.Sleep(10*time.Second - time.Millisecond)
		expect(t, p, "renewed")
		time.Sleep(time.Millisecond)
		expect(t, p, "when the second ends", "release a")
		time.Sleep(240 * time.Hour)
		expect(t, p, "the one without a ttl")
	})
}

func TestRenewalTakesAHoldOfWhatOthersHold(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		if ttl, err := h.Renew(t.Context(), "theirs", 0); ttl != holds.DefaultTTL || err != nil {
			t.Errorf("renewed for %v, %v", ttl, err)
		}
		expect(t, p, "the first", "sync", "register theirs/q with 2")
		if ttl, err := h.Renew(t.Context(), "theirs", 5*time.Second); ttl != 5*time.Second || err != nil {
			t.Errorf("renewed for %v, %v", ttl, err)
		}
		expect(t, p, "the second")
		time.Sleep(5 * time.Second)
		expect(t, p, "when it ends", "release theirs")
		if _, err := h.Renew(t.Context(), "nobody's", 0); !errors.Is(err, registry.ErrNotRegistered) {
			t.Errorf("of a client that nobody holds: %v", err)
		}
		p.fail(fmt.Errorf("%w: redis is away", registry.ErrUnavailable))
		_, err := h.Renew(t.Context(), "nobody's", 0)
		if !errors.Is(err, registry.ErrNotRegistered) || !errors.Is(err, registry.ErrUnavailable) {
			t.Errorf("of a client that nobody is known to hold: %v", err)
		}
	})
}

func TestClientsOfTheConfigFileAreLeftAlone(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		if err := h.Put(t.Context(), "of-file", "p", one, time.Second); !errors.Is(err, holds.ErrConfigured) {
			t.Errorf("put: %v", err)
		}
		if ttl, err := h.Renew(t.Context(), "of-file", time.Second); ttl != 0 || err != nil {
			t.Errorf("renewed for %v, %v; it has no end", ttl, err)
		}
		time.Sleep(time.Hour)
		expect(t, p, "an hour later")
	})
}

func TestAnEvictedClientIsNotReleasedAsWell(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		must(t, h.Put(t.Context(), "a", "p", one, time.Second))
		must(t, h.Evict(t.Context(), "a"))
		must(t, h.Put(t.Context(), "b", "p", one, time.Second))
		_ = p.change("b", false, nil) // evicted through another daemon
		p.take()
		time.Sleep(time.Hour)
		expect(t, p, "an hour later")
	})
}

func TestWhatCannotBeReleasedIsTriedAgain(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		must(t, h.Put(t.Context(), "a", "p", one, time.Second))
		p.take()
		p.fail(registry.ErrUnavailable)
		time.Sleep(time.Second)
		expect(t, p, "when it ends", "release a")
		p.fail(fmt.Errorf("%w: redis is away", registry.ErrPending))
		time.Sleep(2 * time.Second)
		expect(t, p, "2 s later", "release a")
		time.Sleep(time.Hour)
		expect(t, p, "a release that waits for Redis is one")
	})
}

func TestAReleaseThatFailsIsLoggedOnce(t *testing.T) {
	t.Parallel()
	runningLogged(t, func(h *holds.Holds, p *pretended, logged *logtest.Hook) {
		must(t, h.Put(t.Context(), "a", "p", one, time.Second))
		p.take()
		p.fail(registry.ErrUnavailable)
		time.Sleep(time.Minute)
		if tries := len(p.take()); tries < 10 || len(logged.AllEntries()) != 1 {
			t.Errorf("after %d tries %d lines are logged, want one", tries, len(logged.AllEntries()))
		}
	})
}

func TestWhatTheRegistryRefusesIsNotHeld(t *testing.T) {
	t.Parallel()
	running(t, func(h *holds.Holds, p *pretended) {
		p.fail(&registry.InvalidError{Field: "models", Problem: "too many"})
		if err := h.Put(t.Context(), "a", "p", one, time.Second); !errors.Is(err, registry.ErrInvalid) {
			t.Errorf("put: %v", err)
		}
		p.fail(fmt.Errorf("%w: redis is away", registry.ErrPending))
		if err := h.Put(t.Context(), "b", "p", one, time.Second); !errors.Is(err, registry.ErrPending) {
			t.Errorf("put: %v", err)
		}
		p.take()
		time.Sleep(time.Hour)
		expect(t, p, "an hour later", "release b")
	})
}

// slow is a pretended registry that tells when it releases, and waits until it may.
type slow struct {
	*pretended

	releasing, may chan struct{}
}

func (s slow) ReleaseClient(ctx context.Context, id string) error {
	s.releasing <- struct{}{}
	<-s.may
	return s.pretended.ReleaseClient(ctx, id)
}

// TestARenewalDuringAReleaseTakesANewHold: the caller was told that it is held, so it must be.
func TestARenewalDuringAReleaseTakesANewHold(t *testing.T) {
	t.Parallel()
	p := &pretended{here: map[string]bool{}, elsewhere: map[string]bool{"a": true}}
	s := slow{p, make(chan struct{}), make(chan struct{})}
	log, _ := logtest.NewNullLogger()
	h := holds.New(s, local{p}, nil, log)
	ctx, cancel := context.WithCancel(t.Context())
	var ends sync.WaitGroup
	ends.Go(func() { h.Run(ctx) })
	must(t, h.Put(t.Context(), "a", "p", one, time.Nanosecond))
	<-s.releasing
	renewed := make(chan error, 1)
	go func() {
		_, err := h.Renew(t.Context(), "a", time.Hour)
		renewed <- err
	}()
	for range 10_000 { // a renewal that did not wait would be done
		runtime.Gosched()
	}
	close(s.may)
	must(t, <-renewed)
	cancel()
	ends.Wait()
	if _, held := (local{p}).Client("a"); !held {
		t.Errorf("it is not held: %q", p.take())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
