package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// eventually is eventually in the daemon's test.
func (c *child) eventually(ask func() string, want string) {
	c.t.Helper()
	eventually(c.t, ask, want)
}

// eventually asks again until the answer contains want; what another did needs a moment to arrive.
func eventually(t *testing.T, ask func() string, want string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		got := ask()
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the answer is %q, want %q", got, want)
		}
	}
}

// awaitIDs returns when the daemon lists just these models.
func (c *child) awaitIDs(want string) {
	c.t.Helper()
	c.eventually(func() string { return "[" + c.ids() + "]" }, "["+want+"]")
}

func (c *child) readiness() string {
	status, body := c.get("/readyz")
	return fmt.Sprintf("%d %s", status, body)
}

func TestDaemonsOnOneRedisShowOneList(t *testing.T) {
	t.Parallel()
	redis := redistest.Shared(t)
	env := []string{"REDIS_URL=" + redis.URL(), "ROLLCALL_NAMESPACE=" + redistest.Namespace(t)}
	start := func(client, model string) *child {
		t.Helper()
		file := filepath.Join(t.TempDir(), "settings.yaml")
		text := "clients: [{id: " + client + ", provider: p, models: [shared, " + model + "]}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return serve(t, env, "--config", file)
	}
	one, two := start("key-1", "a"), start("key-2", "b")
	one.awaitIDs("a b shared")
	two.awaitIDs("a b shared")
	_, first := one.get("/v1/models")
	if _, second := two.get("/v1/models"); first != second {
		t.Errorf("the lists differ:\n%s%s", first, second)
	}
	one.signal(syscall.SIGTERM)
	if code := one.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	two.awaitIDs("b shared") // the one that left gave up its hold
	if out := one.output.String() + two.output.String(); warned(out) {
		t.Errorf("the logs have warnings:\n%s", out)
	}
}

func TestWrongPasswordIsAWrongSetting(t *testing.T) {
	t.Parallel()
	redis := redistest.Redis(t, redistest.Options{Password: "right"})
	url := strings.Replace(redis.URL(), "right", "hush", 1)
	code, stderr := fails(t, nil, "serve", "--listen", "127.0.0.1:0", "--redis-url", url)
	if code != 2 || !strings.HasPrefix(stderr, "rollcall: redis_url (--redis-url): redis://") || !strings.Contains(stderr, "password") ||
		strings.Contains(stderr, "hush") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestAReplicaIDThatIsTakenIsAWrongSetting(t *testing.T) {
	t.Parallel()
	// The second one looks whether the lease was renewed a tenth of it after it had to be, which is a second.
	env := []string{"REDIS_URL=" + redistest.Shared(t).URL(), "ROLLCALL_NAMESPACE=" + redistest.Namespace(t), "ROLLCALL_REPLICA_ID=a",
		"ROLLCALL_LEASE_TTL=10s"}
	serve(t, env)
	for source, args := range map[string][]string{"ROLLCALL_REPLICA_ID": nil, "--replica-id": {"--replica-id", "a"}} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			code, stderr := fails(t, env, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
			if code != 2 || !strings.HasPrefix(stderr, "rollcall: replica_id ("+source+`): "a" is the name of another live replica`) {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
}

func TestDaemonAnswersWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	redis := redistest.Redis(t)
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("clients: [{id: c, provider: p, models: [m]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := serve(t, nil, "--config", file, "--redis-url", redis.URL(), outageAfter)
	redis.Kill(t)
	d.eventually(d.readiness, `200 {"status":"ok","redis":"down"`)
	if got := d.ids(); got != "m" {
		t.Errorf("listed %q", got)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
