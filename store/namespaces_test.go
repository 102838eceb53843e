package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// scanner is a store whose user may look through the keys.
func scanner(t *testing.T, server *redistest.Server, namespace string) *Store {
	t.Helper()
	url := server.URL()
	if server.Miniredis() == nil {
		url = server.URLFor(t, redistest.ListNamespaces)
	}
	s, err := Open(url, Options{Namespace: namespace, Replica: "looks"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestNamespaces(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		other, err := New(s.client, Options{Namespace: "0-" + s.name, Replica: "x"})
		s.must(err)
		defer other.Close()
		_, err = other.Begin(s.ctx, Position{}, Position{}, "test")
		s.must(err)
		s.server.Advance(s.t, 30*time.Minute)
		s.beat(s.b)
		s.look()
		s.server.Advance(s.t, 45*time.Minute) // a's lease is over

		got, err := scanner(t, s.server, s.name).Namespaces(s.ctx)
		s.must(err)
		if len(got) != 2 || got[0].Namespace != "0-"+s.name || got[1].Namespace != s.name {
			t.Fatalf("got %+v", got)
		}
		if one := got[0]; one.Clients != 0 || one.Replicas != 0 || one.Position.Revision != 1 {
			t.Errorf("the other: %+v", one)
		}
		seen := got[1].LastSeen.Sub(time.UnixMilli(s.start)).Round(time.Minute)
		if one := got[1]; one.Clients != 1 || one.Replicas != 1 || one.Position != s.head() || seen != 30*time.Minute {
			t.Errorf("this one: %+v, seen after %v", one, seen)
		}
	})
}

// namespacesOfACluster wants a cluster in which nothing is yet.
func namespacesOfACluster(t *testing.T, cluster *redistest.Server) {
	names := numbered(12) // on all of its nodes
	for _, name := range names {
		s, err := New(cluster.Client(t), Options{Namespace: name, Replica: "x"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Begin(t.Context(), Position{}, Position{}, "test"); err != nil {
			t.Fatal(err)
		}
	}
	looking := scanner(t, cluster, names[0])
	got, err := looking.Namespaces(t.Context())
	if err != nil || len(got) != len(names) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := looking.Drop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if got, err = looking.Namespaces(t.Context()); err != nil || len(got) != len(names)-1 {
		t.Errorf("after one was dropped: %+v, %v", got, err)
	}
}

// The documented user may not look through all keys; the error names the right.
func TestNamespacesNeedsScan(t *testing.T) {
	t.Setenv("ROLLCALL_TEST_ACL", "1")
	s, err := Open(redistest.Redis(t).URL(), Options{Namespace: "n", Replica: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Namespaces(t.Context()); !errors.Is(err, ErrUnsafeServer) || !strings.Contains(err.Error(), "+scan") {
		t.Errorf("got %v, want ErrUnsafeServer that names +scan", err)
	}
}

func TestDrop(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.step(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 90)))
		neighbour, err := New(s.client, Options{Namespace: s.name + "-2", Replica: "x"})
		s.must(err)
		defer neighbour.Close()
		_, err = neighbour.Begin(s.ctx, Position{}, Position{}, "test")
		s.must(err)

		observer := s.replica("observer")
		_, err = observer.Drop(s.ctx, false)
		s.look()
		s.refused(err, ErrLive)
		s.server.Advance(s.t, 2*hour)
		n, err := observer.Drop(s.ctx, false)
		s.must(err)
		left := s.admin.Keys(s.ctx, newKeys(s.name).prefix+"*").Val()
		if len(left) > 0 || n != 14 {
			t.Errorf("%d keys went, left: %v", n, left)
		}
		if _, err := observer.Drop(s.ctx, false); !errors.Is(err, ErrEmpty) {
			t.Errorf("dropped again: %v", err)
		}
		if _, err := neighbour.Head(s.ctx); err != nil {
			t.Errorf("the neighbour: %v", err)
		}
	})
}

// Sets that are left of an earlier epoch go, too, where the user may look for them.
func TestDropForced(t *testing.T) {
	onBoth(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.must(s.admin.SAdd(s.ctx, newKeys(s.name).holds("of-old"), "c").Err())
		_, err := scanner(t, s.server, s.name).Drop(s.ctx, true)
		s.must(err)
		if left := s.admin.Keys(s.ctx, newKeys(s.name).prefix+"*").Val(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}
