package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// space is a namespace of a test's own, begun and joined by two replicas, a and b. It remembers what Redis held when
// it was looked at last, so a test can say what one call changed, and that nothing else did.
type space struct {
	t      *testing.T
	ctx    context.Context
	server *redistest.Server
	client redis.UniversalClient // as the replicas' are
	admin  redis.UniversalClient // may do everything
	name   string
	a, b   *Store
	start  int64 // the server's time when the space was made, ms
	seen   *contents

	epochs    []string // in the order in which they were met
	instances []string // and what is shown in their place
}

// onBoth runs f on miniredis and on Redis, in a space of its own on each.
func onBoth(t *testing.T, f func(s *space)) {
	t.Helper()
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) { f(newSpace(t, server)) })
}

// onBothMoving is onBoth on servers whose clock can be moved.
func onBothMoving(t *testing.T, f func(s *space)) {
	t.Helper()
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) { f(newSpace(t, server)) })
}

// newSpace begins a namespace and joins a and b with leases of an hour.
func newSpace(t *testing.T, server *redistest.Server) *space {
	t.Helper()
	s := emptySpace(t, server)
	_, err := s.a.Begin(s.ctx, Position{}, Position{}, "test")
	s.must(err)
	s.join(s.a)
	s.join(s.b)
	s.look()
	return s
}

// emptySpace is a namespace in which nothing is yet.
func emptySpace(t *testing.T, server *redistest.Server) *space {
	t.Helper()
	s := &space{
		t: t, ctx: t.Context(), server: server, client: server.Client(t), admin: server.Admin(t),
		name: redistest.Namespace(t),
	}
	s.start = s.now().UnixMilli()
	t.Cleanup(s.forget)
	s.a, s.b = s.replica("a"), s.replica("b")
	s.look()
	return s
}

// forget removes what the space left on a server that others use, too: each of them looks through all its keys.
func (s *space) forget() {
	ctx := context.WithoutCancel(s.ctx)
	keys, _, err := s.admin.Scan(ctx, 0, newKeys(s.name).prefix+"*", 1_000_000).Result()
	if err == nil && len(keys) > 0 {
		_ = s.admin.Unlink(ctx, keys...) // the server may be gone
	}
}

// now is the server's time.
func (s *space) now() time.Time {
	s.t.Helper()
	now, err := s.admin.Time(s.ctx).Result()
	s.must(err)
	return now
}

// replica is one more store in this namespace.
func (s *space) replica(name string) *Store {
	s.t.Helper()
	made, err := New(s.client, Options{Namespace: s.name, Replica: name})
	s.must(err)
	s.instances = append(s.instances, made.instance, "process of "+name)
	s.t.Cleanup(func() {
		if err := made.Close(); err != nil {
			s.t.Errorf("closing replica %s: %v", name, err)
		}
	})
	return made
}

// join gives a replica a lease of an hour.
func (s *space) join(replica *Store) {
	s.t.Helper()
	_, err := replica.Join(s.ctx, time.Hour, `{"host":"here"}`, time.Time{})
	s.must(err)
}

// must fails the test if err is not nil.
func (s *space) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// done checks that a verb made the next revision, and that its reply names it.
func (s *space) done(reply Reply, err error) Reply {
	s.t.Helper()
	s.must(err)
	s.answers(s.read(), reply)
	return reply
}

// given is done for a step that only prepares: what it changed is not looked at.
func (s *space) given(reply Reply, err error) Reply {
	s.t.Helper()
	s.must(err)
	now := s.read()
	s.answers(now, reply)
	now.check(s.t)
	s.seen = now
	return reply
}

// answers fails the test if a reply does not name the next revision, the last of what Redis holds now.
func (s *space) answers(now *contents, reply Reply) {
	s.t.Helper()
	last := now.feed[len(now.feed)-1]
	if !reply.Changed || !reply.Time.Equal(time.UnixMilli(last.Time)) || reply.Position != last.Position {
		s.t.Fatalf("replied %+v, want the last entry's: %+v", reply, last)
	}
	payload, _ := now.raw[len(now.raw)-1].Values["payload"].(string)
	switch long := len(payload) > 4096; {
	case long != (reply.Entry == nil):
		s.t.Fatalf("replied with entry %+v; its payload has %d bytes", reply.Entry, len(payload))
	case !long && !reflect.DeepEqual(*reply.Entry, last):
		s.t.Fatalf("replied with entry %+v, the feed has %+v", *reply.Entry, last)
	}
	if last.Position.Revision != s.revision()+1 {
		s.t.Fatalf("revision %d after %d", last.Position.Revision, s.revision())
	}
}

// step is given without a look at Redis, for many steps.
func (s *space) step(reply Reply, err error) {
	s.t.Helper()
	s.must(err)
	if !reply.Changed {
		s.t.Fatal("nothing changed")
	}
}

// same checks that a verb changed nothing, and that its reply says so and names the head.
func (s *space) same(reply Reply, err error) Reply {
	s.t.Helper()
	s.must(err)
	if head := s.seen.feed[len(s.seen.feed)-1].Position; reply.Changed || reply.Position != head {
		s.t.Fatalf("replied %+v, want an unchanged %v", reply, head)
	}
	s.changed("")
	return reply
}

// refused checks that a verb failed in this way and changed nothing.
func (s *space) refused(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Fatalf("failed with %v, want %v", err, want)
	}
	s.changed("")
}

// look takes what Redis holds now as known, having checked that its parts fit each other.
func (s *space) look() {
	s.t.Helper()
	s.seen = s.read()
	s.seen.check(s.t)
}

// changed compares what became different in Redis since the last look with the expected lines: "+" for what came, "-"
// for what went, "~" for what has another value.
func (s *space) changed(want string) {
	s.t.Helper()
	last := s.seen
	s.look()
	if want == "" && s.seen.same(last) {
		return
	}
	before, after := last.shown(), s.seen.shown()
	var got []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if old, ok := before[name]; !ok {
			got = append(got, "+ "+name+after[name])
		} else if old != after[name] {
			got = append(got, "~ "+name+after[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			got = append(got, "- "+name)
		}
	}
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	for i, line := range got {
		got[i] = strings.TrimSpace(line)
	}
	slices.Sort(lines)
	slices.Sort(got)
	if !slices.Equal(got, lines) {
		s.t.Fatalf("changed in Redis:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func (s *space) revision() uint64 { return s.head().Revision }

// head is the position at the last look.
func (s *space) head() Position {
	if len(s.seen.feed) == 0 {
		return Position{}
	}
	return s.seen.feed[len(s.seen.feed)-1].Position
}

// in is a deadline so many hours after the start.
func (s *space) in(hours int) int64 { return s.start + int64(hours)*time.Hour.Milliseconds() }

// list is a catalog of these models, named after them.
func list(models ...string) Catalog {
	c := Catalog{Digest: "[" + strings.Join(models, " ") + "]", JSON: []byte(fmt.Sprintf("%q", models))}
	for _, model := range models {
		i := slices.IndexFunc(c.Roster, func(e RosterEntry) bool { return e.Model == model })
		if i < 0 {
			c.Roster = append(c.Roster, RosterEntry{model, 0})
			i = len(c.Roster) - 1
		}
		c.Roster[i].Copies++
	}
	return c
}

// registration is one of a client with a provider's models.
func registration(client, provider string, models ...string) Registration {
	return Registration{Client: client, Provider: provider, Catalog: list(models...)}
}

// quota is a mark that ends so many hours after the start.
func (s *space) quota(client, model, source string, hours int) Quota {
	return Quota{Client: client, Model: model, Until: s.in(hours), Longest: 200 * time.Hour, Source: source}
}

// numbered is n names, c0 and up.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	return names
}

const hour = time.Hour

// beat renews a replica's lease by an hour.
func (s *space) beat(replica *Store) {
	s.t.Helper()
	if _, joined, err := replica.Heartbeat(s.ctx, hour); !joined || err != nil {
		s.t.Fatalf("heartbeat: joined is %v, %v", joined, err)
	}
}
