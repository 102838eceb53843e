package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/cmd/internal/catalogue"
	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
)

// recorder notes registrations as "client: models", and refuses them while err is set.
type recorder struct {
	mu    sync.Mutex
	calls []string
	err   error
}

func (r *recorder) RegisterClient(_ context.Context, id, provider string, models []*registry.ModelInfo) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	call := id + "/" + provider + ":"
	for _, m := range models {
		call += " " + m.ID
	}
	r.calls = append(r.calls, call)
	return r.err
}

func (*recorder) Sync(context.Context) error { return nil }

// holding shows one client and who holds it.
type holding struct {
	mu     sync.Mutex
	client registry.ClientStatus
	models []*registry.ModelInfo
}

func (h *holding) Client(id string) (registry.ClientStatus, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.client, h.client.ClientID == id
}

func (h *holding) GetModelsForClient(string) []*registry.ModelInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.models
}

// set shows the client "own" with a model and its holders; none: it is not there.
func (h *holding) set(provider, model string, holders ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client, h.models = registry.ClientStatus{}, []*registry.ModelInfo{{ID: model}}
	if len(holders) > 0 {
		h.client = registry.ClientStatus{ClientID: "own", Provider: provider, Holders: holders, RegisteredAt: time.Now()}
	}
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// take returns the registrations since the last take.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

func parse(t *testing.T, content string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const firstCatalogue = `{"s": [{"id": "a"}], "t": [{"id": "b"}]}`

// newTestClients returns three clients, two with a section, registered with a recorder.
func newTestClients(t *testing.T, log logrus.FieldLogger) (*clients, *recorder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(firstCatalogue), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := newClients(&config.Config{Catalogue: path, Clients: []config.Client{
		{ID: "one", Provider: "p", Section: "s"},
		{ID: "two", Provider: "q", Section: "t"},
		{ID: "own", Provider: "r", Models: []*registry.ModelInfo{{ID: "x"}}},
	}}, log)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	c.registry, c.held = r, &holding{}
	if err := c.registerAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := r.take(), []string{"one/p: a", "two/q: b", "own/r: x"}; !slices.Equal(got, want) {
		t.Fatalf("registered %q, want %q", got, want)
	}
	return c, r
}

// following runs follow in a bubble until the test in it is over.
func following(t *testing.T, test func(*clients, *recorder, *logtest.Hook)) {
	synctest.Test(t, func(t *testing.T) {
		log, hook := logtest.NewNullLogger()
		c, r := newTestClients(t, log)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { c.follow(ctx) })
		test(c, r, hook)
		cancel()
		running.Wait()
	})
}

func TestOnlyClientsWhoseModelsChangedAreRegisteredAgain(t *testing.T) {
	t.Parallel()
	following(t, func(c *clients, r *recorder, _ *logtest.Hook) {
		if err := c.adopt(parse(t, `{"s": [{"id": "a"}], "t": [{"id": "b", "version": "2"}], "u": [{"id": "z"}]}`)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := r.take(); !slices.Equal(got, []string{"two/q: b"}) {
			t.Errorf("registered %q, want only the second", got)
		}
		time.Sleep(10 * retryInterval) // the clock of the bubble
		if got := r.take(); len(got) > 0 {
			t.Errorf("registered again: %q", got)
		}
	})
}

func TestCatalogueWithoutANeededSectionIsRefused(t *testing.T) {
	t.Parallel()
	following(t, func(c *clients, r *recorder, _ *logtest.Hook) {
		err := c.adopt(parse(t, `{"s": [{"id": "new"}], "tt": [{"id": "b"}]}`))
		if want := `clients[1].section: the catalogue has no section "t"; the nearest is "s"`; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		time.Sleep(10 * retryInterval)
		if got := r.take(); len(got) > 0 {
			t.Errorf("registered %q of a refused catalogue", got)
		}
	})
}

func TestChangeIsRegisteredWhenRedisIsBack(t *testing.T) {
	t.Parallel()
	following(t, func(c *clients, r *recorder, hook *logtest.Hook) {
		r.fail(fmt.Errorf("x: %w", registry.ErrUnavailable))
		if err := c.adopt(parse(t, `{"s": [{"id": "a2"}], "t": [{"id": "b2"}]}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*retryInterval + time.Second)
		if got := r.take(); len(got) < 5 || slices.Contains(got, "two/q: b2") {
			t.Errorf("while Redis was away: tried %q, want the first client some times", got)
		}
		warnings := 0
		for _, e := range hook.AllEntries() {
			if e.Level == logrus.WarnLevel {
				warnings++
			}
		}
		if warnings != 1 {
			t.Errorf("%d warnings of one outage", warnings)
		}
		r.fail(nil)
		time.Sleep(retryInterval)
		if got := r.take(); !slices.Equal(got, []string{"one/p: a2", "two/q: b2"}) {
			t.Errorf("when Redis was back: registered %q", got)
		}
	})
}

func TestWhatTheRegistryRefusesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	following(t, func(c *clients, r *recorder, hook *logtest.Hook) {
		r.fail(&registry.InvalidError{Field: "models", Problem: "too large"})
		if err := c.adopt(parse(t, `{"s": [{"id": "a2"}], "t": [{"id": "b2"}]}`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * retryInterval)
		if got := r.take(); !slices.Equal(got, []string{"one/p: a2", "two/q: b2"}) {
			t.Errorf("tried %q, want each once", got)
		}
		if e := hook.LastEntry(); e == nil || e.Level != logrus.ErrorLevel || e.Data["client"] != "two" {
			t.Errorf("last log entry: %+v", e)
		}
	})
}

func TestPendingCountsAsRegistered(t *testing.T) {
	t.Parallel()
	log, _ := logtest.NewNullLogger()
	c, r := newTestClients(t, log)
	r.fail(fmt.Errorf("%w: position", registry.ErrPending))
	if err := c.registerAll(t.Context()); err != nil {
		t.Errorf("got %v; Redis has the write", err)
	}
}

func TestFirstRegistrationThatFailsEndsTheStart(t *testing.T) {
	t.Parallel()
	log, _ := logtest.NewNullLogger()
	c, r := newTestClients(t, log)
	r.fail(registry.ErrUnavailable)
	if err := c.registerAll(t.Context()); !errors.Is(err, registry.ErrUnavailable) || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("got %v", err)
	}
	r.fail(&registry.InvalidError{Field: "models", Problem: "too large"})
	var setting *config.Error
	if err := c.registerAll(t.Context()); !errors.As(err, &setting) || setting.Field != "clients[0]" {
		t.Errorf("got %v, want a *config.Error for clients[0]", err)
	}
}

func TestWhatOthersMadeOfAClientEndsWithTheirHolds(t *testing.T) {
	t.Parallel()
	following(t, func(c *clients, r *recorder, hook *logtest.Hook) {
		view := c.held.(*holding)
		time.Sleep(retryInterval / 2) // the clock of the bubble; from here on between two ticks
		for _, other := range []struct {
			name string
			show func()
			want []string
		}{
			{"our own", func() { view.set("r", "x", "here") }, nil},
			{"others hold it, too", func() { view.set("r", "theirs", "here", "there") }, nil},
			{"evicted", func() { view.set("", "") }, nil},
			{"another model", func() { view.set("r", "theirs", "here") }, []string{"own/r: x"}},
			{"another provider", func() { view.set("theirs", "x", "here") }, []string{"own/r: x"}},
		} {
			time.Sleep(retryInterval)
			other.show()
			time.Sleep(retryInterval)
			if got := r.take(); !slices.Equal(got, other.want) {
				t.Errorf("%s: registered %q, want %q", other.name, got, other.want)
			}
			view.set("r", "x", "here") // as a registration leaves it
		}
		if e := hook.LastEntry(); e == nil || e.Level != logrus.WarnLevel || e.Data["client"] != "own" {
			t.Errorf("last log entry: %+v", e)
		}
		r.take()
		r.fail(&registry.InvalidError{Field: "models", Problem: "too large"})
		view.set("r", "theirs", "here")
		time.Sleep(10 * retryInterval)
		if got := r.take(); !slices.Equal(got, []string{"own/r: x"}) {
			t.Errorf("refused: tried %q, want it once", got)
		}
		hook.Reset()
		r.fail(errors.New("redis is away"))
		view.set("r", "theirs", "here")
		time.Sleep(10 * retryInterval)
		if tries, lines := len(r.take()), len(hook.AllEntries()); tries < 9 || lines != 1 {
			t.Errorf("without Redis: %d tries, %d lines in the log, want one", tries, lines)
		}
	})
}
