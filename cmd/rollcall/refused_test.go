package main_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fails runs the binary, which must end by itself, and returns exit code and stderr.
func fails(t *testing.T, env []string, args ...string) (code int, stderr string) {
	t.Helper()
	var out bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	hang := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer hang.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !exit.Exited() {
		t.Fatalf("%q ended with %v\n%s", args, err, &out)
	}
	return exit.ExitCode(), out.String()
}

func TestBadConfigurationNamesTheField(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct{ config, catalogue, want string }{
		"unknown key":   {config: "lisen: x\n", want: `lisen (FILE): unknown key; the nearest known one is "listen"`},
		"wrong type":    {config: "lease_ttl: 15\n", want: `lease_ttl (FILE): is an integer; must be a duration`},
		"model field":   {config: "clients: [{id: c, provider: p, models: [{id: m, foo: 1}]}]\n", want: `clients[0].models[0].foo (FILE): unknown key`},
		"same client":   {config: "clients: [{id: c, provider: p, models: [m]}, {id: c, provider: p, models: [m]}]\n", want: `clients[1].id (FILE): is "c"`},
		"section":       {config: "catalogue: CAT\nclients: [{id: c, provider: p, section: t}]\n", catalogue: `{"s": [{"id": "m"}]}`, want: `clients[0].section: the catalogue has no section "t"`},
		"bad catalogue": {config: "catalogue: CAT\n", catalogue: `{"s": [`, want: `catalogue (FILE): CAT: is not valid JSON at line 1`},
		"URL parameter": {config: "redis_url: 'redis://u:hush@127.0.0.1:1/?colour=blue'\n", want: `redis_url (FILE): redis://u:xxxxx@127.0.0.1:1/?colour=blue: `},
		"URL":           {config: "redis_url: 'u:hush@127.0.0.1'\n", want: `redis_url (FILE): must begin with one of redis://`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := strings.ReplaceAll(name, " ", "-")
			file, cat := filepath.Join(dir, base+".yaml"), filepath.Join(dir, base+".json")
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(c.config, "CAT", cat)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(cat, []byte(c.catalogue), 0o600); err != nil {
				t.Fatal(err)
			}
			code, stderr := fails(t, nil, "serve", "--config", file, "--listen", "127.0.0.1:0")
			want := "rollcall: " + strings.NewReplacer("FILE", file, "CAT", cat).Replace(c.want)
			if code != 2 || !strings.HasPrefix(stderr, want) || strings.Contains(stderr, "hush") {
				t.Errorf("exit code %d\n got %s\nwant %s...", code, stderr, want)
			}
			if !strings.Contains(stderr, "\nTry: rollcall serve --help") {
				t.Errorf("no word of what to try:\n%s", stderr)
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	code, stderr := fails(t, nil, "serve", "--listen", address)
	if code != 1 || stderr != "rollcall: listen: "+address+" is in use by another process; choose another address with --listen\n" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestUnreachableRedisHasItsOwnExitCode(t *testing.T) {
	t.Parallel()
	code, stderr := fails(t, []string{"REDIS_URL=redis://:hush@127.0.0.1:1/0"}, "serve", "--listen", "127.0.0.1:0")
	if code != 3 || !strings.HasPrefix(stderr, "rollcall: redis at redis://:xxxxx@127.0.0.1:1/0: ") ||
		!strings.Contains(stderr, "\nTry: ") || strings.Contains(stderr, "hush") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
