package store_test

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// setUser makes a user of these rules, and returns the URL that has it.
func setUser(t *testing.T, server *redistest.Server, name string, rules []string) string {
	t.Helper()
	for _, addr := range server.Addrs() {
		args := []any{"ACL", "SETUSER", name}
		for _, rule := range rules {
			args = append(args, rule)
		}
		node := redis.NewClient(&redis.Options{Addr: addr})
		if err := errors.Join(node.Do(t.Context(), args...).Err(), node.Close()); err != nil {
			t.Fatalf("ACL SETUSER %s %v: %v", name, rules, err)
		}
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, "PASSWORD")
	return u.String()
}

func openStore(t *testing.T, url, namespace, replica string) *store.Store {
	t.Helper()
	s, err := store.Open(url, store.Options{Namespace: namespace, Replica: replica})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDocumentedUserMayDoEverything(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	url := setUser(t, server, "rollcall", redistest.DocumentedUser(t))
	t.Run("store", func(t *testing.T) { everyVerb(t, url) })
	t.Run("registry", func(t *testing.T) { registryPath(t, url, registry.Options{}) })
	denied, err := server.Admin(t).Do(t.Context(), "ACL", "LOG").Slice()
	must(t, err)
	for _, entry := range denied {
		if text := toText(entry); !strings.Contains(text, "setinfo") {
			t.Errorf("refused: %s", text)
		}
	}
}

func toText(v any) string {
	var words []string
	switch v := v.(type) {
	case map[any]any:
		for key, value := range v {
			words = append(words, toText(key)+"="+toText(value))
		}
	case []any:
		for _, value := range v {
			words = append(words, toText(value))
		}
	case string:
		words = append(words, v)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// everyVerb carries out everything that a store can do, each script in a way that gets beyond its checks.
func everyVerb(t *testing.T, url string) {
	t.Helper()
	ctx, ns := t.Context(), redistest.Namespace(t)
	a, b := openStore(t, url, ns, "a"), openStore(t, url, ns, "b")
	must(t, a.CheckConnection(ctx))
	if warnings, err := a.Inspect(ctx); err != nil || len(warnings) > 0 {
		t.Fatalf("got warnings %q, error %v", warnings, err)
	}
	trace, err := a.Trace(ctx)
	must(t, err)
	_, err = a.Begin(ctx, trace, store.Position{}, "test")
	must(t, err)
	for _, s := range []*store.Store{a, b} {
		_, err := s.Join(ctx, time.Hour, "{}", time.Time{})
		must(t, err)
		_, joined, err := s.Heartbeat(ctx, time.Hour)
		must(t, err)
		if !joined {
			t.Fatal("the heartbeat did not know the replica")
		}
	}
	start, err := a.Head(ctx)
	must(t, err)
	changed := func(reply store.Reply, err error) {
		t.Helper()
		must(t, err)
		if !reply.Changed {
			t.Fatal("nothing changed")
		}
	}
	catalog := func(digest string) store.Catalog {
		return store.Catalog{Digest: digest, JSON: []byte("[]"), Roster: []store.RosterEntry{{Model: digest, Copies: 1}}}
	}
	changed(a.Register(ctx, store.Registration{Client: "c", Provider: "p", Catalog: catalog("m")}))
	changed(a.Register(ctx, store.Registration{Client: "c", Provider: "p", Catalog: catalog("n")}))
	changed(a.Suspend(ctx, store.Suspension{Client: "c", Model: "n", Reason: "test"}))
	changed(a.SetQuota(ctx, store.Quota{Client: "c", Model: "n", Window: time.Hour, Longest: time.Hour, Source: "heuristic"}))
	changed(a.ClearQuota(ctx, "c", "n", "someone", store.Position{}))
	changed(a.Resume(ctx, "c", "n", "someone", store.Position{}))
	changed(a.SetQuota(ctx, store.Quota{Client: "c", Model: "*", Window: time.Hour, Longest: time.Hour, Source: "heuristic"}))
	must(t, b.Assert(ctx, []store.Assertion{{Client: "d", Provider: "p", Catalog: catalog("o")}}, store.Position{}))
	changed(b.Unregister(ctx, "d", "", store.Position{}))
	must(t, b.Assert(ctx, []store.Assertion{{Client: "e", Provider: "p", Catalog: catalog("o")}}, store.Position{}))
	changed(b.ReleaseClient(ctx, "e", "", store.Position{}))
	changed(a.Register(ctx, store.Registration{Client: "f", Provider: "p", Catalog: catalog("m")}))
	changed(b.Evict(ctx, "f", "someone"))
	_, err = a.Tidy(ctx)
	must(t, err)
	must(t, a.Release(ctx))
	must(t, b.Reap(ctx, "a", time.Hour))
	snapshot, err := b.Snapshot(ctx)
	must(t, err)
	catalogs, err := b.Catalogs(ctx, []string{"n"})
	must(t, err)
	if len(catalogs) != 1 {
		t.Fatalf("got %d catalogs", len(catalogs))
	}
	feed := b.Follow(start.Position, b.Head)
	for feed.Position() != snapshot.Head {
		if _, err := feed.Next(ctx); !errors.Is(err, store.ErrUnavailable) { // the machine may be busy
			must(t, err)
		}
	}
}

// registryPath opens two registries and sends news from one to the other.
func registryPath(t *testing.T, url string, options registry.Options) {
	t.Helper()
	ctx := t.Context()
	log, logged := logtest.NewNullLogger()
	options.Namespace, options.Logger = redistest.Namespace(t), log
	options.OperationTimeout = 20 * time.Second // the machine may be busy
	var replicas []*registry.ModelRegistry
	for _, id := range []string{"a", "b"} {
		options.ReplicaID = id
		r, err := registry.Open(ctx, url, options)
		must(t, err)
		defer r.Close()
		replicas = append(replicas, r)
	}
	a, b := replicas[0], replicas[1]
	must(t, a.RegisterClient(ctx, "c", "p", []*registry.ModelInfo{{ID: "m"}}))
	must(t, b.WaitFor(ctx, a.Position()))
	if n := b.GetModelCount("m"); n != 1 {
		t.Fatalf("registered by a, counted by b: %d", n)
	}
	must(t, b.SetModelQuotaExceeded(ctx, "c", "m"))
	must(t, a.WaitFor(ctx, b.Position()))
	if n := a.GetModelCount("m"); n != 0 {
		t.Fatalf("out of quota by b, counted by a: %d", n)
	}
	must(t, a.UnregisterClient(ctx, "c"))
	for _, r := range replicas {
		must(t, r.Sync(ctx))
		must(t, r.Close())
	}
	for _, entry := range logged.AllEntries() {
		// An answer may be late on a busy machine.
		if err, _ := entry.Data[logrus.ErrorKey].(error); entry.Level <= logrus.WarnLevel && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("logged: %s %v", entry.Message, entry.Data)
		}
	}
}

// Taken away from the documented user, each command is named, and so are the keys.
func TestEachMissingRightIsNamed(t *testing.T) {
	t.Parallel()
	server, rules := redistest.Redis(t), redistest.DocumentedUser(t)
	ns := redistest.Namespace(t)
	everyVerb(t, setUser(t, server, "whole", rules)) // the server knows the scripts now, so EVAL is not needed yet
	refused := func(name, want string, rules []string) {
		t.Helper()
		s := openStore(t, setUser(t, server, name, rules), ns, "a")
		err := s.CheckConnection(t.Context())
		if err == nil {
			_, err = s.Inspect(t.Context())
		}
		if !errors.Is(err, store.ErrUnsafeServer) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PASSWORD") {
			t.Errorf("%s: got %v, want ErrUnsafeServer with %q", name, err, want)
		}
	}
	for _, rule := range rules {
		command, ok := strings.CutPrefix(rule, "+")
		if !ok || command == "info" {
			continue
		}
		name := "without-" + command
		grant := "may not use " + strings.ToUpper(command) + "; grant it: ACL SETUSER " + name + " +" + command
		refused(name, grant, append(slices.Clone(rules), "-"+command))
	}
	without := slices.DeleteFunc(slices.Clone(rules), func(rule string) bool { return strings.HasPrefix(rule, "~") })
	keys := "grant it: ACL SETUSER %s ~rollcall:{" + ns + "}:*"
	refused("other-keys", strings.ReplaceAll(keys, "%s", "other-keys"), slices.Concat(without, []string{"~other:*"}))
	refused("read-only", strings.ReplaceAll(keys, "%s", "read-only"), slices.Concat(without, []string{"%R~rollcall:*"}))

	t.Run("info may be missing", func(t *testing.T) {
		registryPath(t, setUser(t, server, "without-info", append(slices.Clone(rules), "-info")), registry.Options{})
	})
	t.Run("one namespace", func(t *testing.T) {
		s := openStore(t, setUser(t, server, "one", slices.Concat(without, []string{"~rollcall:{" + ns + "}:*"})), ns, "a")
		if warnings, err := s.Inspect(t.Context()); err != nil || len(warnings) > 0 {
			t.Errorf("got warnings %q, error %v", warnings, err)
		}
	})
}

// The documented user has no command that is not needed.
func TestTheDocumentedUserIsMinimal(t *testing.T) {
	t.Parallel()
	source := scripts.Source("rights")
	for _, rule := range redistest.DocumentedUser(t) {
		command, ok := strings.CutPrefix(rule, "+")
		if ok && command != "info" && !regexp.MustCompile(`\b`+strings.ToUpper(command)+`\b`).MatchString(source) {
			t.Errorf("it has %s, which nothing needs", command)
		}
	}
}

func TestTheDocumentedUserOnACluster(t *testing.T) {
	t.Parallel()
	server := redistest.Cluster(t, 2)
	registryPath(t, setUser(t, server, "rollcall", redistest.DocumentedUser(t, redistest.OnCluster)), registry.Options{})
}

func TestTheDocumentedUserBehindSentinels(t *testing.T) {
	t.Parallel()
	server := redistest.Sentinel(t)
	args := []any{"ACL", "SETUSER", "rollcall"}
	for _, rule := range redistest.DocumentedUser(t) {
		args = append(args, rule)
	}
	must(t, server.Admin(t).Do(t.Context(), args...).Err())
	where := setUser(t, server, "asker", strings.Fields("on >PASSWORD allchannels -@all "+
		"+ping +sentinel|get-master-addr-by-name +sentinel|sentinels +subscribe"))
	where += "&username=rollcall&password=PASSWORD"
	registryPath(t, where, registry.Options{})
}

func TestAWrongPasswordIsNamed(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Password: "right"})
	for _, user := range []string{":hush@", "nobody:hush@", ""} {
		_, err := registry.Open(t.Context(), "redis://"+user+server.Addr(), registry.Options{OperationTimeout: 20 * time.Second})
		if !errors.Is(err, registry.ErrInvalid) || !strings.Contains(err.Error(), "redis URL") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v, want ErrInvalid that names the redis URL", user, err)
		}
	}
}

// What only works badly is said in the log.
func TestOpenLogsWarnings(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Config: []string{"--maxmemory-policy", "allkeys-lru"}})
	log, logged := logtest.NewNullLogger()
	r, err := registry.Open(t.Context(), server.URL(), registry.Options{Logger: log, OperationTimeout: 20 * time.Second})
	must(t, err)
	must(t, r.Close())
	for _, entry := range logged.AllEntries() {
		if entry.Level == logrus.WarnLevel && strings.Contains(entry.Message, "maxmemory-policy is allkeys-lru") {
			return
		}
	}
	t.Errorf("logged %v", logged.AllEntries())
}
