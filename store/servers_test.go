package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// mainPath does on a server, through two stores, what replicas do all the time.
func mainPath(t *testing.T, open func(replica string) *Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	a, b := open("a"), open("b")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.CheckConnection(ctx))
	_, err := a.Head(ctx)
	if !errors.Is(err, ErrEmpty) {
		t.Fatalf("an unused namespace: %v", err)
	}
	began, err := a.Begin(ctx, Position{}, Position{}, "test")
	if must(err); !began {
		t.Fatal("not begun")
	}
	head, err := a.Join(ctx, time.Hour, "{}", time.Time{})
	must(err)
	feed := a.Follow(head.Position, a.Head)
	_, err = b.Join(ctx, time.Hour, "{}", time.Time{})
	must(err)

	_, err = b.Register(ctx, registration("c", "p", "m", "n"))
	must(err)
	_, err = b.SetQuota(ctx, Quota{Client: "c", Model: "m", Window: time.Hour, Longest: time.Hour, Source: SourceHeuristic})
	must(err)
	last, err := b.Suspend(ctx, Suspension{Client: "c", Model: "n", Reason: "why"})
	must(err)

	snapshot, err := a.Snapshot(ctx)
	must(err)
	known := replayed(t, snapshot)
	if record := known.clients["c"]; record == nil || len(known.marks) != 2 || known.at != last.Position {
		t.Errorf("snapshot: %+v, %v, at %v", record, known.marks, known.at)
	}
	catalogs, err := a.Catalogs(ctx, []string{"[m n]"})
	must(err)
	if string(catalogs["[m n]"]) != `["m" "n"]` {
		t.Errorf("catalogs: %q", catalogs)
	}
	for feed.Position() != last.Position {
		_, err := next(ctx, feed)
		must(err)
	}
	for _, s := range []*Store{a, b} {
		_, err = s.Register(ctx, registration("evicted", "p", "m"))
		must(err)
	}
	evicted, err := a.Evict(ctx, "evicted", "") // the sets of all holders are keys of the script
	must(err)
	for feed.Position() != evicted.Position {
		_, err := next(ctx, feed)
		must(err)
	}
	must(b.Release(ctx))
	entries, err := next(ctx, feed)
	must(err)
	if len(entries) != 1 || entries[0].Kind != KindReleased {
		t.Errorf("after the release: %+v", entries)
	}
	if _, err := a.Tidy(ctx); err != nil {
		t.Error(err)
	}
	if _, joined, err := a.Heartbeat(ctx, time.Hour); err != nil || !joined {
		t.Errorf("heartbeat: %v, %v", joined, err)
	}
}

// byURL opens stores of a namespace by URL, byClient on a client that is there.
func byURL(t *testing.T, url string) func(replica string) *Store {
	name := redistest.Namespace(t)
	return func(replica string) *Store {
		t.Helper()
		s, err := Open(url, Options{Namespace: name, Replica: replica})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func byClient(t *testing.T, client redis.UniversalClient) func(replica string) *Store {
	name := redistest.Namespace(t)
	t.Cleanup(func() {
		// The store's clients are its own: the caller's is still good when the stores are closed.
		if err := client.Ping(context.WithoutCancel(t.Context())).Err(); err != nil {
			t.Errorf("the client after the stores were closed: %v", err)
		}
	})
	return func(replica string) *Store {
		t.Helper()
		s, err := New(client, Options{Namespace: name, Replica: replica})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func TestOnSingleServers(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		t.Run("URL", func(t *testing.T) { mainPath(t, byURL(t, server.URL())) })
		t.Run("URL with database", func(t *testing.T) {
			mainPath(t, byURL(t, server.URLFor(t, redistest.OtherDatabases)+"/3"))
			inThree := redis.NewClient(&redis.Options{Addr: server.Addr(), DB: 3}) // the default user's
			defer inThree.Close()
			keys := inThree.Keys(t.Context(), "rollcall:{*}:meta").Val()
			if len(keys) == 0 {
				t.Error("nothing in database 3")
			}
		})
		t.Run("client", func(t *testing.T) { mainPath(t, byClient(t, server.Client(t))) })
	})
}

func TestOnUnixSocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	redistest.Redis(t, redistest.Options{Config: []string{"--unixsocket", socket}})
	mainPath(t, byURL(t, "unix://"+socket))
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() { _ = client.Close() })
	t.Run("client", func(t *testing.T) { mainPath(t, byClient(t, client)) })
}

func TestOnPasswordServer(t *testing.T) {
	t.Parallel()
	mainPath(t, byURL(t, redistest.Redis(t, redistest.Options{Password: "right"}).URL()))
}

func TestOnCluster(t *testing.T) {
	t.Parallel()
	server := redistest.Cluster(t, 3)
	t.Run("namespaces", func(t *testing.T) { namespacesOfACluster(t, server) }) // before there are others
	t.Run("URL", func(t *testing.T) { mainPath(t, byURL(t, server.URL())) })
	t.Run("client", func(t *testing.T) { mainPath(t, byClient(t, server.Client(t))) })
	t.Run("one slot", func(t *testing.T) {
		client, slots := server.Admin(t), map[int64]bool{}
		for _, key := range newKeys("name.space").all("some-replica") {
			slots[client.ClusterKeySlot(t.Context(), key).Val()] = true
		}
		if len(slots) != 1 {
			t.Errorf("the keys of a namespace have the slots %v", slots)
		}
	})
	t.Run("wrong URL", func(t *testing.T) {
		// Of so many namespaces one is not on the node that the URL leads to.
		var err error
		for range 64 {
			s := byURL(t, "redis://"+strings.TrimPrefix(server.URLAt(server.Addr()), "redis+cluster://"))("a")
			if _, err = s.Head(t.Context()); !errors.Is(err, ErrEmpty) {
				break
			}
		}
		if err == nil || !strings.Contains(err.Error(), "MOVED") && !errors.Is(err, ErrInvalid) {
			t.Errorf("a node of a cluster by a plain URL: %v", err)
		}
	})
	t.Run("inspect", func(t *testing.T) { inspectAsksTheOwner(t, server) }) // and leaves nodes that evict
}
