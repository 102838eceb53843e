package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// Every verb has something to change, once: sent again under the same name it changes nothing and gets its first
// answer, whatever happened in between. Verbs that make no revision may run twice; their effect is the same as once.
func TestRepeatedOperation(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		for _, verb := range everyVerb(t) {
			t.Run(verb, func(t *testing.T) {
				if verb != "begin" { // which has its own test
					repeatOperation(busy(t, server), verb)
				}
			})
		}
	})
}

func repeatOperation(s *space, verb string) {
	c, operation, before := s.callOf(verb), s.until(time.Minute), s.seen
	first, err := s.attempt(c, operation)
	s.must(err)
	s.look()
	if changed := !s.seen.same(before); changed != (verb != "head") || !first.Changed {
		s.t.Fatalf("something changed: %v, replied %+v", changed, first)
	}
	if made := s.head() != before.feed[len(before.feed)-1].Position; made != commits(verb) {
		s.t.Errorf("made a revision: %v", made)
	}
	again := func() {
		reply, err := s.attempt(c, operation)
		s.must(err)
		s.changed("")
		if commits(verb) && (!reply.Changed || reply.Position != first.Position) {
			s.t.Errorf("replied %+v, then %+v", first, reply)
		}
	}
	again()
	if commits(verb) {
		s.given(s.b.Register(s.ctx, registration("between", "p", "m")))
		again()
	}
}

// A new epoch begins once.
func TestRepeatedBegin(t *testing.T) {
	onBoth(t, func(s *space) {
		c, operation := s.callOf("begin"), s.until(time.Minute)
		first, err := s.attempt(c, operation)
		s.must(err)
		s.join(s.b)
		s.look()
		again, err := s.attempt(c, operation)
		s.must(err)
		s.changed("")
		if again.Position != first.Position || !first.Changed {
			s.t.Errorf("replied %+v, then %+v", first, again)
		}
	})
}

// cutWrites are writes that each change something once; the space has client c of a, with marks on m and n.
var cutWrites = map[string]func(s *space, through *Store) error{
	"register": func(s *space, through *Store) error {
		_, err := through.Register(s.ctx, registration("new", "p", "m", "x"))
		return err
	},
	"register known": func(s *space, through *Store) error {
		r := registration("new", "p", "m", "x")
		r.Known = true
		_, err := through.Register(s.ctx, r)
		return err
	},
	"unregister": func(s *space, through *Store) error {
		_, err := through.Unregister(s.ctx, "c", "", Position{})
		return err
	},
	"quota": func(s *space, through *Store) error {
		_, err := through.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 5))
		return err
	},
	"clear": func(s *space, through *Store) error {
		_, err := through.ClearQuota(s.ctx, "c", "m", "", s.head())
		return err
	},
	"suspend": func(s *space, through *Store) error {
		_, err := through.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"})
		return err
	},
	"resume": func(s *space, through *Store) error {
		_, err := through.Resume(s.ctx, "c", "n", "", s.head())
		return err
	},
	"release": func(s *space, through *Store) error { return through.Release(s.ctx) },
	"assert": func(s *space, through *Store) error {
		return through.Assert(s.ctx, []Assertion{s.assertion("new", "p", "y")}, Position{"lost", 100, "x"})
	},
}

// TestCutAfterTheScript cuts the connection when the script has run and before its answer arrives, once, twice and
// three times: the write is repeated, and takes effect once.
func TestCutAfterTheScript(t *testing.T) {
	t.Parallel()
	for name, write := range cutWrites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
				for cuts := 1; cuts <= 3; cuts++ {
					t.Run(fmt.Sprintf("%d times", cuts), func(t *testing.T) { cutAfterTheScript(t, server, cuts, write) })
				}
			})
		})
	}
}

func cutAfterTheScript(t *testing.T, server *redistest.Server, cuts int, write func(s *space, through *Store) error) {
	s := newSpace(t, server)
	s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n")))
	s.given(s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)))
	s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "n", Reason: "why"}))
	between := newCutter(t, server.Addr())
	through, err := Open(server.URLAt(between.addr()), Options{Namespace: s.name, Replica: "a"})
	s.must(err)
	defer through.Close()
	through.instance = s.a.instance

	before := s.revision()
	between.cutNext(cuts)
	s.must(write(s, through))
	s.look()
	if left := between.left(); left != 0 {
		t.Errorf("%d of %d cuts were not made", left, cuts)
	}
	if s.revision() != before+1 {
		t.Errorf("%d feed entries, want 1", s.revision()-before)
	}
}

// An operation that may have run is not sent again under another name, although its own time is over: it might run
// twice.
func TestUncertainOperationIsNotRenamed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		s.given(s.a.Register(s.ctx, registration("c", "p", "m"))) // so that Redis knows the script
		between := newCutter(t, server.Addr())
		through, err := Open(server.URLAt(between.addr()), Options{Namespace: s.name, Replica: "a"})
		s.must(err)
		through.instance = s.a.instance
		defer through.Close()
		sent := 0
		through.client.(*redis.Client).AddHook(before{[]string{"evalsha"}, func(redis.Cmder) {
			if sent++; sent == 2 {
				server.Advance(t, time.Hour)
			}
		}})
		between.cutNext(1)
		if _, err := through.Register(s.ctx, registration("d", "p", "m")); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%v", err)
		}
		if s.look(); s.revision() != 3 || sent != 2 {
			t.Errorf("revision %d, sent %d times", s.revision(), sent)
		}
	})
}

// Another name is given to an operation that never ran, and only to that.
func TestOperationThatNeverRanIsRenamed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		server.Advance(t, time.Hour)
		names := map[any]bool{}
		through := s.replica("a")
		through.instance = s.a.instance
		through.client.(*redis.Client).AddHook(before{[]string{"evalsha"}, func(command redis.Cmder) {
			names[command.Args()[3+len(s.a.keys.all("a"))]] = true
		}})
		through.clock.observe(through.clock.local(), through.clock.local(), s.start) // it has not heard of the hour
		s.given(through.Register(s.ctx, registration("c", "p", "m")))
		if len(names) != 2 {
			t.Errorf("sent under the names %v", names)
		}
	})
}
