package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// TestMain hides the settings that the machine's environment may hold.
func TestMain(m *testing.M) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "ROLLCALL_") || strings.HasPrefix(name, "REDIS_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

// write makes a config file and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, content string, flags map[string]string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Input{File: write(t, content), Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaultsHoldWithoutAnyFile(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("got %+v, want %+v", c, config.Default())
	}
}

func TestFileSetsEveryType(t *testing.T) {
	t.Parallel()
	c := load(t, "listen: 'localhost:9'\nlease_ttl: 1m30s\nnamespace:\n", nil)
	want := config.Default()
	want.Listen, want.LeaseTTL = "localhost:9", 90*time.Second
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v (an empty value leaves the default)", c, want)
	}
}

func TestFileInTheWorkingDirectoryIsFound(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.yaml", []byte("namespace: here\ncatalogue: models.json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Namespace != "here" || c.Catalogue != "models.json" {
		t.Errorf("got %+v", c)
	}
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	const file = "namespace: of-file\nreplica_id: of-file\nlease_ttl: 7s\n"
	t.Setenv("ROLLCALL_NAMESPACE", "of-env")
	t.Setenv("ROLLCALL_REPLICA_ID", "of-env")
	t.Setenv("ROLLCALL_LEASE_TTL", "") // counts as absent
	c := load(t, file, map[string]string{"namespace": "of-flag"})
	if c.Namespace != "of-flag" || c.ReplicaID != "of-env" || c.LeaseTTL != 7*time.Second {
		t.Errorf("got namespace %q, replica_id %q, lease_ttl %v",
			c.Namespace, c.ReplicaID, c.LeaseTTL)
	}
}

func TestRedisURLHasAliasesInTheEnvironment(t *testing.T) {
	file := write(t, "redis_url: redis://of-file\n")
	load := func() string {
		c, err := config.Load(config.Input{File: file})
		if err != nil {
			t.Fatal(err)
		}
		return c.RedisURL
	}
	if got := load(); got != "redis://of-file" {
		t.Errorf("without environment: %q", got)
	}
	for _, name := range []string{"REDIS_DSN", "REDIS_CONN_STRING", "REDIS_URL", "ROLLCALL_REDIS_URL"} { // weakest first
		t.Setenv(name, "redis://of-"+name)
		if got := load(); got != "redis://of-"+name {
			t.Errorf("with %s: %q", name, got)
		}
	}
	c, err := config.Load(config.Input{File: file, Flags: map[string]string{"redis_url": ""}})
	if err != nil || c.RedisURL != "" {
		t.Errorf("an empty flag must choose the embedded Redis: %q, %v", c.RedisURL, err)
	}
}

func TestRedisURLFromAFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte("redis://:hush@host\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := write(t, "redis_url_file: "+secret+"\n")
	c, stated, err := config.LoadStated(config.Input{File: file})
	if err != nil || c.RedisURL != "redis://:hush@host" || stated["redis_url"] != secret {
		t.Errorf("got %q of %q, %v", c.RedisURL, stated["redis_url"], err)
	}
	c, err = config.Load(config.Input{File: file, Flags: map[string]string{"redis_url": "redis://flag"}})
	if err != nil || c.RedisURL != "redis://flag" {
		t.Errorf("the flag must beat the file's redis_url_file: %q, %v", c.RedisURL, err)
	}
	t.Setenv("REDIS_URL", "redis://env")
	t.Setenv("ROLLCALL_REDIS_URL_FILE", secret)
	_, err = config.Load(config.Input{File: file})
	want := "redis_url_file (ROLLCALL_REDIS_URL_FILE): redis_url (REDIS_URL) is set as well; keep one of them"
	if err == nil || err.Error() != want {
		t.Errorf("both in the environment: got %v, want %s", err, want)
	}
}

func TestPathsInTheFileAreRelativeToIt(t *testing.T) {
	t.Parallel()
	file := write(t, "catalogue: sub/models.json\n")
	c, err := config.Load(config.Input{File: file})
	if want := filepath.Join(filepath.Dir(file), "sub", "models.json"); err != nil || c.Catalogue != want {
		t.Errorf("from the file: got %q, %v; want %q", c.Catalogue, err, want)
	}
	c, err = config.Load(config.Input{File: file, Flags: map[string]string{"catalogue": "other.json"}})
	if err != nil || c.Catalogue != "other.json" {
		t.Errorf("from the flag: got %q, %v; want it as given", c.Catalogue, err)
	}
}

func TestMissingFileIsAnErrorOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{File: "nowhere.yaml"})
	var e *config.Error
	if !errors.As(err, &e) || err.Error() != "nowhere.yaml: cannot be read: no such file or directory" {
		t.Errorf("got %v", err)
	}
}
