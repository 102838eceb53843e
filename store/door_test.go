package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// openURL opens a namespace of the test's own.
func openURL(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(url, Options{Namespace: redistest.Namespace(t), Replica: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// inspected checks that the server is let in without a warning.
func inspected(t *testing.T, s *Store) {
	t.Helper()
	if err := s.CheckConnection(t.Context()); err != nil {
		t.Fatal(err)
	}
	if warnings, err := s.Inspect(t.Context()); err != nil || len(warnings) > 0 {
		t.Fatalf("got warnings %q, error %v", warnings, err)
	}
}

func TestInspectLetsGoodServersIn(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) { inspected(t, openURL(t, server.URL())) })
}

func TestInspectLooksAtTheVersion(t *testing.T) {
	t.Parallel()
	for info, refused := range map[string]bool{
		"redis_version:5.0.14":                                  true,
		"redis_version:6.0.16":                                  true,
		"redis_version:6.1.999":                                 true,
		"redis_version:6.2.0":                                   false,
		"redis_version:7.0.15":                                  false,
		"redis_version:255.255.255":                             false,
		"redis_version:unknown":                                 false,
		"redis_version:5.0.0\r\nvalkey_version:8.0.1":           false,
		"redis_version:7.2.4\r\nserver_name:valkey":             false,
		"# Server\r\nos:none":                                   false,
		"redis_version:7.0.15\r\nrole:master\r\nmaster_port:77": false,
	} {
		t.Run(strings.ReplaceAll(info, "\r\n", " "), func(t *testing.T) {
			t.Parallel()
			mini := redistest.Miniredis(t)
			mini.Miniredis().Server().SetPreHook(func(c *server.Peer, command string, _ ...string) bool {
				if command != "INFO" {
					return false
				}
				c.WriteBulk(info + "\r\n")
				return true
			})
			s := openURL(t, mini.URL())
			if !refused {
				inspected(t, s)
				return
			}
			_, err := s.Inspect(t.Context())
			version := strings.TrimPrefix(info, "redis_version:")
			if !errors.Is(err, ErrUnsafeServer) || !strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), "6.2") {
				t.Fatalf("got %v, want ErrUnsafeServer with both versions", err)
			}
		})
	}
}

func TestInspectWarnsOfEviction(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s, client := openURL(t, server.URL()), server.Admin(t)
	for _, policy := range []string{"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-ttl"} {
		if err := client.ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
		warnings, err := s.Inspect(t.Context())
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "maxmemory-policy is "+policy) ||
			strings.Contains(warnings[0], "deadlines") != strings.HasPrefix(policy, "volatile-") {
			t.Errorf("%s: got warnings %q, error %v", policy, warnings, err)
		}
	}
	if err := client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err(); err != nil {
		t.Fatal(err)
	}
	inspected(t, s)
}

func TestInspectRefusesAReplica(t *testing.T) {
	t.Parallel()
	primary := redistest.Redis(t)
	host, port, _ := strings.Cut(primary.Addr(), ":")
	replica := redistest.Redis(t, redistest.Options{Config: []string{"--replicaof", host, port}})
	_, err := openURL(t, replica.URL()).Inspect(t.Context())
	if !errors.Is(err, ErrUnsafeServer) || !strings.Contains(err.Error(), "replica of "+primary.Addr()) {
		t.Fatalf("got %v, want ErrUnsafeServer that names the primary", err)
	}
}

// inspectAsksTheOwner: of a cluster's nodes the owner of the namespace's slot is the one that counts.
func inspectAsksTheOwner(t *testing.T, cluster *redistest.Server) {
	s := openURL(t, cluster.URL())
	inspected(t, s)
	owner, err := s.client.(*redis.ClusterClient).MasterForKey(t.Context(), s.keys.meta())
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range cluster.Addrs() {
		node := redis.NewClient(&redis.Options{Addr: addr})
		if err := errors.Join(setPolicy(t.Context(), node, addr == owner.Options().Addr), node.Close()); err != nil {
			t.Fatal(err)
		}
	}
	warnings, err := s.Inspect(t.Context())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "allkeys-lru") {
		t.Errorf("the owner evicts: got warnings %q, error %v", warnings, err)
	}

	for _, addr := range cluster.Addrs() {
		direct, err := Open("redis://"+strings.TrimPrefix(cluster.URLAt(addr), "redis+cluster://"), Options{Namespace: redistest.Namespace(t), Replica: "a"})
		if err != nil {
			t.Fatal(err)
		}
		defer direct.Close()
		_, err = direct.Inspect(t.Context())
		if owner, _ := s.client.(*redis.ClusterClient).MasterForKey(t.Context(), direct.keys.meta()); owner.Options().Addr == addr {
			if err != nil {
				t.Errorf("the one node that is needed, asked directly: %v", err)
			}
		} else if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "redis URL") {
			t.Errorf("another node, asked directly: got %v, want ErrInvalid that names the redis URL", err)
		}
	}
}

// setPolicy makes the owner of the slot evict, and the others warn of something else.
func setPolicy(ctx context.Context, node *redis.Client, owner bool) error {
	policy := "volatile-ttl"
	if owner {
		policy = "allkeys-lru"
	}
	return node.ConfigSet(ctx, "maxmemory-policy", policy).Err()
}

func TestInspectWithoutAServer(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s := openURL(t, server.URL())
	server.Kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*dialTimeout)
	defer cancel()
	if err := s.CheckConnection(ctx); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrInvalid) {
		t.Errorf("CheckConnection: got %v, want ErrUnavailable", err)
	}
	if _, err := s.Inspect(ctx); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Inspect: got %v, want ErrUnavailable", err)
	}
}

// Whatever a script or the store sends has to be checked at the start.
func TestRightsListsEveryCommand(t *testing.T) {
	t.Parallel()
	used := commandsUsed(t)
	listed := map[string]bool{}
	for _, command := range commandsChecked(t) {
		listed[command[0]] = true
	}
	if !maps.Equal(used, listed) {
		t.Errorf("scripts and store use %v\nrights looks for %v",
			slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(listed)))
	}
}

// commandsUsed reads the sources of the scripts and of this package.
func commandsUsed(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{"EVALSHA": true, "EVAL": true}
	called := regexp.MustCompile(`call\(\s*'([A-Z]+)'`)
	table := regexp.MustCompile(`(?s)local COUNT = \{(.*?)\}`)
	word := regexp.MustCompile(`'([A-Z]+)'`)
	for _, verb := range scripts.Verbs() {
		source := scripts.Source(verb)
		for _, match := range called.FindAllStringSubmatch(source, -1) {
			used[match[1]] = true
		}
		for _, match := range word.FindAllStringSubmatch(strings.Join(table.FindStringSubmatch(source), ""), -1) {
			used[match[1]] = true
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	sent := regexp.MustCompile(`\b(?:client|feed|pipe)\.([A-Z]\w*?)N?\((?:ctx|limited)`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") || file == "door.go" || file == "namespaces.go" || file == "examine.go" { // which ask no more than they may
			continue
		}
		for _, match := range sent.FindAllStringSubmatch(string(source), -1) {
			used[strings.TrimSuffix(strings.ToUpper(match[1]), "WITHSCORES")] = true
		}
	}
	used["PING"] = true       // of CheckConnection
	delete(used, "PIPELINED") // not a command
	if len(used) < 20 {
		t.Fatal(fmt.Sprint("found too few commands: ", used))
	}
	return used
}
