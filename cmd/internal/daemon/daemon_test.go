package daemon_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/cmd/internal/daemon"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// patience bounds what takes milliseconds on an idle machine, so that a hang ends.
const patience = time.Minute

func TestMain(m *testing.M) {
	// A default, which -parallel overrides: the tests wait more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := redistest.Main(m)
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withoutClients returns the defaults on a free port, with time for writes on a busy machine.
func withoutClients() *config.Config {
	c := config.Default()
	c.Listen, c.OperationTimeout = "127.0.0.1:0", patience
	return c
}

// settings returns withoutClients with one client.
func settings() *config.Config {
	c := withoutClients()
	c.Clients = []config.Client{{ID: "key-1", Provider: "openai", Models: []*registry.ModelInfo{{ID: "gpt-5"}}}}
	return c
}

// logLines is a hook that keeps the messages of info and above, and signals each.
type logLines chan string

func (l logLines) Levels() []logrus.Level { return logrus.AllLevels[:logrus.InfoLevel+1] }

func (l logLines) Fire(e *logrus.Entry) error {
	l <- e.Message
	return nil
}

func newLog() (*logrus.Logger, logLines) {
	log, lines := logrus.New(), make(logLines, 1000)
	log.SetOutput(io.Discard)
	log.AddHook(lines)
	return log, lines
}

// await returns when a message that begins like this was logged.
func (l logLines) await(t *testing.T, begin string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line := <-l:
			if strings.HasPrefix(line, begin) {
				return
			}
		case <-deadline:
			t.Fatalf("%q was not logged", begin)
		}
	}
}

func start(t *testing.T, c *config.Config) (*daemon.Daemon, logLines) {
	t.Helper()
	log, lines := newLog()
	d, err := daemon.Start(t.Context(), c, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	return d, lines
}

// listed asks the daemon for its models.
func listed(t *testing.T, d *daemon.Daemon) []string {
	t.Helper()
	response, err := http.Get("http://" + d.Address() + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestDaemonServesItsClientsFromTheEmbeddedRedis(t *testing.T) {
	t.Parallel()
	log, lines := newLog()
	d, err := daemon.Start(t.Context(), settings(), log)
	if err != nil {
		t.Fatal(err)
	}
	if got := listed(t, d); !slices.Equal(got, []string{"gpt-5"}) {
		t.Errorf("listed %v", got)
	}
	d.Stop()
	close(lines)
	embedded := 0
	for line := range lines {
		if strings.Contains(line, "embedded") {
			embedded++
		}
	}
	if embedded != 1 {
		t.Errorf("%d log lines tell of the embedded Redis, want one", embedded)
	}
	if _, err := net.Dial("tcp", d.Address()); err == nil {
		t.Error("the port is open after Stop")
	}
}

func TestDaemonFollowsItsCatalogue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "models.json")
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"s": [{"id": "old"}]}`)
	c := settings()
	c.Catalogue = path
	c.Clients = append(c.Clients, config.Client{ID: "key-2", Provider: "p", Section: "s"})
	d, lines := start(t, c)
	put(`{"s": []}`)
	lines.await(t, "the changed catalogue cannot be used")
	if got := listed(t, d); !slices.Equal(got, []string{"gpt-5", "old"}) {
		t.Errorf("with an empty catalogue: listed %v", got)
	}
	put(`{"s": [{"id": "new"}, {"id": "newer"}]}`)
	lines.await(t, "registered with the changed catalogue")
	if got := listed(t, d); !slices.Equal(got, []string{"gpt-5", "new", "newer"}) {
		t.Errorf("with a changed catalogue: listed %v", got)
	}
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	missing := filepath.Join(t.TempDir(), "none.json")
	for name, c := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"port in use": {func(c *config.Config) { c.Listen = taken.Addr().String() },
			"listen: " + taken.Addr().String() + " is in use by another process; choose another address with --listen"},
		"no catalogue": {func(c *config.Config) { c.Catalogue = missing },
			"catalogue: " + missing + " cannot be read: no such file or directory"},
		"parameter of the URL": {func(c *config.Config) { c.RedisURL = "redis://:hush@127.0.0.1:1/?colour=blue" },
			"redis_url: redis://:xxxxx@127.0.0.1:1/?colour=blue: "},
		"nobody there": {func(c *config.Config) { c.RedisURL = "redis://:hush@127.0.0.1:1/0" },
			"redis at redis://:xxxxx@127.0.0.1:1/0: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings()
			c.change(s)
			log, _ := newLog()
			d, err := daemon.Start(t.Context(), s, log)
			if err == nil {
				d.Stop()
				t.Fatal("it started")
			}
			if !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("got  %v\nwant %s...", err, c.want)
			}
		})
	}
}

func TestDaemonsOnOneRedisShowOneList(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, s *redistest.Server) {
		one, two := settings(), settings()
		two.Clients = []config.Client{{ID: "key-2", Provider: "claude", Models: []*registry.ModelInfo{{ID: "claude-x"}}}}
		one.RedisURL, one.Namespace = s.URL(), redistest.Namespace(t)
		two.RedisURL, two.Namespace = one.RedisURL, one.Namespace
		log, _ := newLog()
		a, err := daemon.Start(t.Context(), one, log)
		if err != nil {
			t.Fatal(err)
		}
		b, err := daemon.Start(t.Context(), two, log)
		if err != nil {
			a.Stop()
			t.Fatal(err)
		}
		awaitList(t, a, "claude-x", "gpt-5")
		awaitList(t, b, "claude-x", "gpt-5")
		a.Stop()
		awaitList(t, b, "claude-x")
		b.Stop()
	})
}

// awaitList returns when the daemon lists just these models; another daemon's change needs a moment.
func awaitList(t *testing.T, d *daemon.Daemon, want ...string) {
	t.Helper()
	eventually(t, d.Address()+" lists", strings.Join(want, " "), func() string { return strings.Join(listed(t, d), " ") })
}

// eventually asks again until the answer is the one wanted.
func eventually(t *testing.T, what, want string, ask func() string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		got := ask()
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s %q, want %q", what, got, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
