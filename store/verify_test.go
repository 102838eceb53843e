package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

func (s *space) verified() Verification {
	s.t.Helper()
	v, err := s.b.Verify(s.ctx)
	s.must(err)
	return v
}

// damages are what may become wrong without that a size tells, and the differences to be found.
var damages = map[string]struct {
	do   func(s *space) error
	want Difference
}{
	"a count": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.counts(), "m", 7).Err() },
		Difference{"counts", "m", "7", "2"},
	},
	"a count that is gone": {
		func(s *space) error { return s.admin.HDel(s.ctx, s.a.keys.counts(), "n").Err() },
		Difference{"counts", "n", "0", "1"},
	},
	"a count of nothing": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.counts(), "x", 1).Err() },
		Difference{"counts", "x", "1", "0"},
	},
	"a provider's count": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.providers(), "m\x1fp", 5).Err() },
		Difference{"providers", "m of p", "5", "1"},
	},
	"uses of a catalog": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.catalogRefs(), "[m]", 9).Err() },
		Difference{"catalog_refs", "[m]", "9", "1"},
	},
	"an unused catalog": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.catalogRefs(), "[m n o old]", 1).Err() },
		Difference{"catalog_refs", "[m n o old]", "1", "0"},
	},
	"a number of marks": {
		func(s *space) error {
			record := s.admin.HGet(s.ctx, s.a.keys.clients(), "d").Val()
			fields := strings.Split(record, fieldSep)
			fields[4] = "3"
			return s.admin.HSet(s.ctx, s.a.keys.clients(), "d", strings.Join(fields, fieldSep)).Err()
		},
		Difference{"clients (number of marks)", "d", "3", "0"},
	},
	"a mark": {
		func(s *space) error { return s.admin.HDel(s.ctx, s.a.keys.marks(), "c\x1fn").Err() },
		Difference{"clients (number of marks)", "c", "3", "2"},
	},
	"a hold that is gone": {
		func(s *space) error { return s.admin.SRem(s.ctx, s.a.keys.holds("a"), "d").Err() },
		Difference{"holds:a", "d", "0", "1"},
	},
	"a hold of nothing": {
		func(s *space) error { return s.admin.SAdd(s.ctx, s.a.keys.holds("b"), "x").Err() },
		Difference{"holds:b", "x", "1", "0"},
	},
	"a lease that is gone": {
		func(s *space) error {
			return errors.Join(s.admin.ZRem(s.ctx, s.a.keys.leases(), "a").Err(), s.admin.HSet(s.ctx, s.a.keys.meta(), "leases", 1).Err())
		},
		Difference{"leases", "a", "none", "that of 2 holds"},
	},
	"a size": {
		func(s *space) error { return s.admin.HSet(s.ctx, s.a.keys.meta(), "marks", 99).Err() },
		Difference{"meta (size)", "marks", "99", "5"},
	},
}

func TestVerifyFindsNothing(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		v := s.verified()
		if len(v.Differences) > 0 || !v.Exact || v.Clients != 2 || v.Models != 3 || v.Marks != 3 || v.Replicas != 2 {
			t.Errorf("got %+v", v)
		}
	})
}

func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
				s := filled(t, server)
				s.must(damage.do(s))
				if v := s.verified(); !slices.Contains(v.Differences, damage.want) || !v.Exact {
					t.Errorf("got %+v, want %+v among them", v, damage.want)
				}
			})
		})
	}
}

// A roster that is gone is told; where nobody lives it cannot be computed anew.
func TestVerifyFindsAMissingRoster(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		s.must(s.admin.HDel(s.ctx, s.a.keys.rosters(), "[m]").Err())
		want := Difference{"rosters", "[m]", "none", "that of 1 clients"}
		if v := s.verified(); !slices.Contains(v.Differences, want) {
			t.Errorf("got %+v", v)
		}
		server.Advance(t, 2*hour)
		if _, err := s.b.Repair(s.ctx); !errors.Is(err, ErrBroken) {
			t.Errorf("repair: got %v, want ErrBroken", err)
		}
	})
}

func TestVerifyOfNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		empty, err := New(s.client, Options{Namespace: s.name + "-2", Replica: "x"})
		s.must(err)
		defer empty.Close()
		if _, err := empty.Verify(s.ctx); !errors.Is(err, ErrEmpty) {
			t.Errorf("got %v, want ErrEmpty", err)
		}
	})
}

// While others write nothing is found that is not there, and damage still is.
func TestVerifyAmidWrites(t *testing.T) {
	onBoth(t, func(s *space) {
		ctx, stop := context.WithCancel(s.ctx)
		var writing sync.WaitGroup
		defer writing.Wait()
		defer stop()
		writing.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := numbered(7)[i%7]
				_, err := s.a.Register(ctx, registration(name, "p", "m", "n"))
				if err == nil {
					_, err = s.a.Unregister(ctx, numbered(7)[(i+3)%7], "", Position{})
				}
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
		for range 10 {
			if v := s.verified(); len(v.Differences) > 0 {
				t.Fatalf("found %+v", v)
			}
		}
		s.must(s.admin.HSet(s.ctx, s.a.keys.providers(), "elsewhere\x1fp", 1).Err())
		want := Difference{"providers", "elsewhere of p", "1", "0"}
		if v := s.verified(); !slices.Contains(v.Differences, want) {
			t.Errorf("found %+v", v)
		}
	})
}

// Where nobody lives, everything is computed anew, and nothing is lost.
func TestRepairByRecount(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		server.Advance(t, 2*hour) // beyond the leases, and one mark is over
		before := s.read()
		for name, damage := range damages {
			if name != "a mark" { // which cannot be computed
				s.must(damage.do(s))
			}
		}
		how, err := s.b.Repair(s.ctx)
		s.must(err)
		if v := s.verified(); how != RepairedByRecount || len(v.Differences) > 0 {
			t.Errorf("repaired by %s, then %+v", how, v)
		}
		s.look() // all that a script keeps fits
		if after := s.seen; after.head() != before.head() || len(after.hashes["marks"]) != len(before.hashes["marks"]) {
			t.Errorf("from %v with %d marks to %v with %d", before.head(), len(before.hashes["marks"]), after.head(), len(after.hashes["marks"]))
		}
		if _, err := s.b.Head(s.ctx); err != nil {
			t.Errorf("the head: %v", err)
		}
	})
}

// Holds without a lease, which nobody would ever end, go with the first replica that comes after a recount.
func TestRepairedHoldsWithoutALeaseEnd(t *testing.T) {
	onBothMoving(t, func(s *space) {
		s.given(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.must(damages["a lease that is gone"].do(s))
		s.server.Advance(s.t, 20*hour)
		_, err := s.b.Repair(s.ctx)
		s.must(err)
		s.join(s.b)
		head, err := s.b.Head(s.ctx)
		s.must(err)
		if head.FirstLease.Replica != "a" {
			s.t.Errorf("the first lease to end: %+v", head.FirstLease)
		}
		s.must(s.b.Reap(s.ctx, "a", hour))
		s.look()
		if len(s.seen.hashes["clients"]) > 0 {
			s.t.Errorf("left: %v", s.seen.hashes["clients"])
		}
	})
}

func (c *contents) head() Position { return c.feed[len(c.feed)-1].Position }

// recount is refused while a replica lives.
func TestRecountWhileAReplicaLives(t *testing.T) {
	onBoth(t, func(s *space) {
		_, err := s.a.run(s.ctx, call{verb: "recount", args: []any{0}})
		s.refused(err, ErrLive)
	})
}

// Where replicas live, a new epoch begins, and Repair waits until they have brought their clients.
func TestRepairByEpoch(t *testing.T) {
	onBoth(t, func(s *space) {
		s.step(s.a.Register(s.ctx, registration("c", "p", "m")))
		s.must(s.admin.HSet(s.ctx, s.a.keys.counts(), "m", 7).Err())
		before := s.read().head()
		observer := s.replica("observer")
		var bringing sync.WaitGroup
		defer bringing.Wait()
		bringing.Go(func() { // as replicas do that find a new epoch
			for {
				found, err := s.a.Trace(s.ctx)
				if err != nil {
					t.Error(err)
					return
				}
				if found.Epoch != before.Epoch {
					break
				}
			}
			for _, one := range []*Store{s.a, s.b} {
				s.join(one)
			}
			s.must(s.a.Assert(s.ctx, []Assertion{{Client: "c", Provider: "p", Catalog: list("m"), RegisteredAt: s.start}}, before))
			s.must(s.b.Assert(s.ctx, nil, before))
		})
		how, err := observer.Repair(s.ctx)
		s.must(err)
		if v := s.verified(); how != RepairedByEpoch || len(v.Differences) > 0 || v.Position.Epoch == before.Epoch || v.Clients != 1 {
			t.Errorf("repaired by %s, then %+v", how, v)
		}
	})
}

// A replica that does not come is named.
func TestRepairNamesWhoIsMissing(t *testing.T) {
	onBoth(t, func(s *space) {
		ctx, cancel := context.WithCancel(s.ctx)
		observer := s.replica("observer")
		var bringing sync.WaitGroup
		defer bringing.Wait()
		before := s.head()
		bringing.Go(func() {
			for {
				found, err := s.a.Trace(s.ctx)
				if err != nil || found.Epoch != before.Epoch {
					break
				}
			}
			if err := s.b.Assert(s.ctx, nil, before); err != nil {
				t.Error(err)
			}
			cancel()
		})
		_, err := observer.Repair(ctx)
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "(a)") && !strings.Contains(err.Error(), "(a, b)") {
			t.Errorf("got %v", err)
		}
	})
}
