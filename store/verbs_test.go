package store

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// busy is filled with something over for tidy, too.
func busy(t *testing.T, server *redistest.Server) *space {
	t.Helper()
	s := newSpace(t, server)
	s.fill(func(q Quota) {
		reply := Reply{}
		for soon := 2 * time.Millisecond; !reply.Changed; soon *= 2 { // a slow machine sets it when it is over
			var err error
			q.Until = s.now().Add(soon).UnixMilli()
			reply, err = s.a.SetQuota(s.ctx, q)
			s.must(err)
		}
		if server.Miniredis() != nil {
			server.Advance(t, time.UnixMilli(q.Until+1).Sub(s.now()))
		}
		for s.now().UnixMilli() <= q.Until {
			s.must(s.ctx.Err())
		}
	})
	return s
}

// filled is a new space that has something to change for every verb in calls but tidy.
func filled(t *testing.T, server *redistest.Server) *space {
	t.Helper()
	s := newSpace(t, server)
	s.fill(func(q Quota) { s.step(s.a.SetQuota(s.ctx, q)) })
	return s
}

// fill makes what filled promises; ends sets a mark of an hour that busy has end at once.
func (s *space) fill(ends func(q Quota)) {
	s.t.Helper()
	s.step(s.a.Register(s.ctx, registration("c", "p", "m", "n", "o", "old")))
	s.step(s.a.Register(s.ctx, registration("c", "p", "m", "n", "o"))) // the first catalog is for sweep
	s.step(s.a.Register(s.ctx, registration("d", "q", "m")))
	s.step(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 9)))
	ends(s.quota("c", "o", SourceHeuristic, 1))
	s.step(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "why"}))
	s.step(s.b.Register(s.ctx, registration("w", "p", "m")))
	s.step(s.b.SetQuota(s.ctx, s.quota("w", "m", SourceHeuristic, 9)))
	s.step(s.release(s.b, "b", 0)) // w waits
	s.join(s.b)
	s.trimFeed(4)
}

// commits says whether a verb makes a revision.
func commits(verb string) bool { return slices.Contains(committing, verb) }

// calls are calls of a, one a verb, each of which changes something in a busy space; only head changes nothing.
func (s *space) calls() map[string]call {
	head := s.head()
	return map[string]call{
		"assert":     {args: []any{100, "1", hour.Milliseconds(), s.a.instance, "e", "p", "[m n o]", s.in(-5), 0, ""}},
		"begin":      {args: []any{head.Epoch, head.Nonce, newEpoch(), 0, "test"}},
		"clear":      {args: []any{"c", "m", head.Epoch, head.Revision, "0"}},
		"evict":      {holders: []string{"a"}, args: []any{"c", tombstone.Milliseconds(), "a"}},
		"head":       {},
		"heartbeat":  {args: []any{(5 * hour).Milliseconds(), s.a.instance}},
		"join":       {args: []any{(6 * hour).Milliseconds(), s.a.instance, `{"pid":2}`, 0}},
		"offer":      {args: []any{"[x]", "\x1ex\x1f1", `["x"]`}},
		"quota":      {args: []any{"c", "n", s.in(20), 0, (200 * hour).Milliseconds(), SourceHeuristic, "", "", 0}},
		"register":   {args: []any{"w", "p", "[y]", "\x1em\x1f1", `["m"]`, "0", "", 0, "0", hour.Milliseconds(), s.a.instance}},
		"release":    {args: []any{wait.Milliseconds(), 0, "", "", s.a.instance}},
		"resume":     {args: []any{"c", "n", head.Epoch, head.Revision, "0"}},
		"suspend":    {args: []any{"c", "*", 0, "all"}},
		"sweep":      {args: []any{"0"}},
		"tidy":       {args: []any{200, "0"}},
		"unregister": {args: []any{"c", "", s.a.instance}},
	}
}

// committing are the verbs that make a revision.
var committing = []string{
	"assert", "begin", "clear", "evict", "quota", "register", "release", "resume", "suspend", "unregister",
}

// callOf is the call of a verb in this space, as it is now.
func (s *space) callOf(verb string) call {
	c := s.calls()[verb]
	c.verb = verb
	return c
}

// everyVerb lists the verbs in calls, which are all that there are, but for the one that touches no data and the one that
// wants nobody alive.
func everyVerb(t *testing.T) []string {
	t.Helper()
	verbs := slices.Sorted(maps.Keys((&space{a: &Store{}, seen: &contents{}}).calls()))
	there := slices.DeleteFunc(scripts.Verbs(), func(verb string) bool { return verb == "rights" || verb == "recount" })
	if !slices.Equal(verbs, there) {
		t.Fatalf("calls of %v; there are the verbs %v", verbs, there)
	}
	return verbs
}

// attempt sends a call once, under an operation's name.
func (s *space) attempt(c call, operation string) (Reply, error) {
	return s.a.attempt(s.ctx, c, operation, 30*time.Second)
}

// until is a name for an operation that may run for so long from now, by the server's clock.
func (s *space) until(d time.Duration) string {
	s.t.Helper()
	return newOperation(s.now().Add(d).UnixMilli())
}
