package store

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

func TestBeginEmpty(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := emptySpace(t, server)
		began, err := s.a.Begin(s.ctx, Position{}, Position{}, "first; of\nall")
		if s.must(err); !began {
			t.Error("not begun")
		}
		s.changed(`
			+ feed 1-0: a "" epoch first; of%0Aall
			+ meta began: +0h
			+ meta deadline: 0
			+ meta epoch: E1
			+ meta first: 1
			+ meta now: +0h
			+ meta schema: 1`)
	})
}

// A namespace is begun once, however many replicas try.
func TestBeginLosesTheRace(t *testing.T) {
	onBoth(t, func(s *space) {
		for _, expected := range []Position{
			{}, {"another", s.revision(), s.head().Nonce}, {s.head().Epoch, s.revision(), "another"},
		} {
			began, err := s.b.Begin(s.ctx, expected, Position{}, "late")
			if s.must(err); began {
				s.t.Errorf("begun although the head is not %v", expected)
			}
			s.changed("")
		}
	})
}

// The epoch goes on above the revision of everybody who followed the old one, so that blocked readers wake.
func TestBeginAnew(t *testing.T) {
	onBoth(t, func(s *space) {
		marked(s)
		began, err := s.b.Begin(s.ctx, s.head(), Position{"older", 900, "x"}, "damaged")
		if s.must(err); !began {
			s.t.Error("not begun")
		}
		got := s.read()
		if len(got.feed) != 1 || got.feed[0].Position.Revision != 901 || got.feed[0].Reason != "damaged" {
			s.t.Errorf("feed: %+v", got.feed)
		}
		// The holds of other replicas than b stay for them to remove.
		for _, key := range []string{"clients", "catalogs", "counts", "marks", "leases", "replicas", "holds:b"} {
			if got.hashes[key] != nil || got.sorted[key] != nil || got.sets[key] != nil {
				s.t.Errorf("%s is still there", key)
			}
		}
		s.join(s.a)
		s.look()
		if s.seen.sets["holds:a"] != nil {
			s.t.Error("a has holds of an older history")
		}
		if s.revision() != 901 || s.head().Epoch == "older" {
			s.t.Errorf("head %v", s.head())
		}
	})
}

func TestBeginAboveItsOwnRevision(t *testing.T) {
	onBoth(t, func(s *space) {
		marked(s)
		expected := s.head()
		expected.Revision = 0 // not known
		_, err := s.b.Begin(s.ctx, expected, Position{"older", 2, "x"}, "damaged")
		s.must(err)
		if feed := s.read().feed; feed[0].Position.Revision != 6 {
			s.t.Errorf("revision %d, want 6", feed[0].Position.Revision)
		}
	})
}

func TestTrace(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := emptySpace(t, server)
		if at, err := s.a.Trace(s.ctx); at != (Position{}) || err != nil {
			t.Errorf("of nothing: %v, %v", at, err)
		}
		_, err := s.a.Begin(s.ctx, Position{}, Position{}, "test")
		s.must(err)
		s.look()
		s.must(s.admin.Del(s.ctx, newKeys(s.name).ops()).Err())
		if at, err := s.a.Trace(s.ctx); at != s.head() || err != nil {
			t.Errorf("of what is left: %v, %v; want %v", at, err, s.head())
		}
	})
}

func TestHeadAndJoin(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := emptySpace(t, server)
		_, err := s.a.Head(s.ctx)
		s.refused(err, ErrEmpty)
		_, err = s.a.Join(s.ctx, hour, "{}", time.Time{})
		s.refused(err, ErrEmpty)
		_, err = s.a.Begin(s.ctx, Position{}, Position{}, "test")
		s.must(err)
		s.look()
		joined, err := s.a.Join(s.ctx, hour, `{"pid":1}`, time.Time{})
		s.must(err)
		s.changed(`
			+ leases a: +1h
			+ meta beat: +0h
			+ replicas a: process of a {"pid":1}`)
		head, err := s.b.Head(s.ctx)
		s.must(err)
		s.changed("")
		if joined.Replicas != 1 || head.Replicas != 1 || head.Position != s.head() || joined.Position != s.head() {
			t.Errorf("joined %+v, head %+v", joined, head)
		}
		if lease := (Lease{"a", joined.Time.Add(hour)}); head.FirstLease != lease || !head.Began.Equal(time.UnixMilli(s.seen.feed[0].Time)) {
			t.Errorf("head %+v, want %+v", head, lease)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.server.Advance(s.t, hour/2)
		s.beat(s.a)
		s.server.Advance(s.t, hour/4)
		head, _, err := s.a.Heartbeat(s.ctx, 3*hour)
		s.must(err)
		if head.Replicas != 2 || head.Position != s.head() || head.FirstLease.Replica != "b" {
			s.t.Errorf("head %+v", head)
		}
		s.changed(`
			~ leases a: +4h
			~ meta beat: +1h
			~ meta now: +1h`)
	})
}

func TestHeartbeatOfTheLapsed(t *testing.T) {
	onBoth(t, func(s *space) {
		s.must(s.a.Release(s.ctx))
		s.look()
		if _, joined, err := s.a.Heartbeat(s.ctx, hour); joined || err != nil {
			s.t.Errorf("joined is %v, %v", joined, err)
		}
		s.changed("")
	})
}

// Two processes under one name: the newcomer is refused while the other renews its lease.
func TestJoinUnderATakenName(t *testing.T) {
	onBothMoving(t, func(s *space) {
		twin := s.replica("a")
		var taken *TakenError
		if _, err := twin.Join(s.ctx, hour, "{}", time.Time{}); !errors.As(err, &taken) || taken.Record != `{"host":"here"}` {
			s.t.Fatalf("a taken name: %v", err)
		}
		s.server.Advance(s.t, 20*time.Minute)
		s.beat(s.a)
		s.look()
		if _, err := twin.Join(s.ctx, hour, "{}", taken.Lease); !errors.As(err, &taken) {
			s.t.Fatalf("a taken name, renewed meanwhile: %v", err)
		}
		s.changed("")
		_, err := twin.Join(s.ctx, hour, `{"pid":2}`, taken.Lease)
		s.must(err)
		if _, joined, err := s.a.Heartbeat(s.ctx, hour); joined || err != nil {
			s.t.Errorf("the one before: joined is %v, %v", joined, err)
		}
		s.beat(twin)
	})
}

// After a lease nobody asks who had it.
func TestJoinAfterALease(t *testing.T) {
	onBothMoving(t, func(s *space) {
		twin := s.replica("a")
		for range 3 {
			s.server.Advance(s.t, 25*time.Minute)
			s.beat(s.b)
		}
		_, err := twin.Join(s.ctx, hour, `{"pid":2}`, time.Time{})
		s.must(err)
		s.beat(twin)
	})
}

// Where nobody renewed for two thirds of a lease, Redis was away, and all leases start anew.
func TestLeasesStartAnewAfterALeap(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.server.Advance(s.t, 5*hour)
		s.same(s.release(s.b, "a", hour))
		s.beat(s.b)
		s.changed(`
			~ leases a: +6h
			~ leases b: +6h
			~ meta beat: +5h
			~ meta now: +5h`)
		s.server.Advance(s.t, -3*hour)
		s.beat(s.b)
		s.changed(`
			~ leases a: +3h
			~ leases b: +3h
			~ meta beat: +2h
			~ meta now: +2h`)
	})
}
