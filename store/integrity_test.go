package store

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// noticing are the keys whose loss a verb must notice, as it changes them or answers from them.
var noticing = map[string]string{
	"quota": "clients marks deadlines feed ops", "suspend": "clients marks deadlines feed ops",
	"clear": "clients marks deadlines feed ops", "resume": "clients marks deadlines feed ops",
	"register":   "clients leases holds:a feed ops catalogs rosters catalog_refs counts providers",
	"unregister": "clients holds:a feed ops catalogs rosters catalog_refs counts providers",
	"release":    "clients holds:a feed ops catalogs rosters catalog_refs counts providers",
	"evict":      "clients holds:a feed ops catalogs rosters catalog_refs counts providers marks deadlines",
	"assert":     "clients leases holds:a feed ops catalogs rosters catalog_refs counts providers",
	"offer":      "catalogs rosters catalog_refs", "sweep": "catalogs rosters catalog_refs feed",
	"tidy": "clients marks deadlines",
}

// comparing are the verbs that notice also the loss of single elements of these keys. The others only see whether a key
// is there; what else is lost is for those that compare a replica with the head.
var comparing = []string{"assert", "evict", "offer", "release", "sweep", "tidy"}

// TestLossOfAKey takes away each key in turn, or one element of it (meta only as a whole).
func TestLossOfAKey(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		for _, key := range newKeys("").all("a") {
			key = strings.TrimPrefix(key, newKeys("").prefix)
			t.Run(key+" gone", func(t *testing.T) {
				s := filled(t, server)
				s.must(s.admin.Del(s.ctx, newKeys(s.name).prefix+key).Err())
				if key == "meta" {
					s.lost(key, ErrEmpty, everyVerb(t))
				} else {
					s.lost(key, ErrBroken, everyVerb(t))
				}
			})
			if key == "meta" {
				continue
			}
			t.Run(key+" short", func(t *testing.T) {
				s := filled(t, server)
				if s.shorten(key) != 1 {
					t.Fatal("not shortened")
				}
				s.lost(key, ErrBroken, comparing)
			})
		}
	})
}

// lost checks that the loss of a key, or of an element, is found. What compares a replica with the head finds every
// loss, and of the verbs those which see such a loss find it in the keys that they have to do with. Another write may
// go on, but none makes a loss look whole, and none trips over it.
func (s *space) lost(key string, want error, see []string) {
	s.t.Helper()
	before := s.read()
	_, err := s.a.Head(s.ctx)
	_, _, err2 := s.a.Heartbeat(s.ctx, hour)
	_, err3 := s.a.Join(s.ctx, hour, "{}", time.Time{})
	_, err4 := s.a.Snapshot(s.ctx)
	for i, err := range []error{err, err2, err3, err4} {
		if !errors.Is(err, want) {
			s.t.Errorf("%s: %v", []string{"Head", "Heartbeat", "Join", "Snapshot"}[i], err)
		}
	}
	for _, verb := range everyVerb(s.t) {
		if verb == "begin" {
			continue
		}
		_, err := s.attempt(s.callOf(verb), s.until(time.Minute))
		must := slices.Contains(see, verb) && slices.Contains(strings.Fields(noticing[verb]), key)
		if !errors.Is(err, want) && (must || err != nil) {
			s.t.Errorf("%s: %v", verb, err)
		}
		after := s.read()
		if errors.Is(err, want) && !after.same(before) {
			s.t.Errorf("%s was refused and changed something", verb)
		}
		before = after
		if _, err := s.a.Head(s.ctx); !errors.Is(err, want) {
			s.t.Fatalf("after %s: %v", verb, err)
		}
	}
}

// shorten removes one element of a key, and returns how many it removed.
func (s *space) shorten(key string) int64 {
	name := newKeys(s.name).prefix + key
	var removed *redis.IntCmd
	switch {
	case s.seen.hashes[key] != nil:
		removed = s.admin.HDel(s.ctx, name, slices.Sorted(maps.Keys(s.seen.hashes[key]))[0])
	case s.seen.sorted[key] != nil:
		removed = s.admin.ZRem(s.ctx, name, slices.Sorted(maps.Keys(s.seen.sorted[key]))[0])
	case s.seen.sets[key] != nil:
		removed = s.admin.SRem(s.ctx, name, s.seen.sets[key][0])
	default:
		removed = s.admin.XDel(s.ctx, name, s.seen.raw[len(s.seen.raw)-1].ID)
	}
	return removed.Val()
}

// After a flush there is nothing, and a new epoch can begin.
func TestFlushAll(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		old := s.head()
		s.must(s.admin.FlushAll(s.ctx).Err())
		for _, verb := range everyVerb(t) {
			if verb == "begin" {
				continue
			}
			if _, err := s.attempt(s.callOf(verb), s.until(time.Minute)); !errors.Is(err, ErrEmpty) {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if n := s.admin.DBSize(s.ctx).Val(); n != 0 {
			t.Errorf("%d keys were made", n)
		}
		began, err := s.a.Begin(s.ctx, Position{}, old, "flushed")
		if s.must(err); !began {
			t.Error("not begun")
		}
		if s.look(); s.revision() != old.Revision+1 || s.head().Epoch == old.Epoch {
			t.Errorf("head %v after %v", s.head(), old)
		}
	})
}

// Redis forgets scripts at a restart, a failover, and when told to.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		for _, client := range numbered(3) {
			s.must(s.admin.ScriptFlush(s.ctx).Err())
			s.given(s.a.Register(s.ctx, registration(client, "p", "m")))
		}
	})
}

// The data of a newer version are left alone.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		s.must(s.admin.HSet(s.ctx, newKeys(s.name).meta(), "schema", "2").Err())
		s.look()
		for _, verb := range everyVerb(t) {
			_, err := s.attempt(s.callOf(verb), s.until(time.Minute))
			s.refused(err, ErrSchema)
			if !strings.Contains(err.Error(), "2") {
				t.Errorf("%s: %v does not name the schema", verb, err)
			}
		}
		if now := s.a.Clock().Now(); now.Before(time.UnixMilli(s.start)) {
			t.Errorf("the schema was taken for a time: it is %v", now)
		}
	})
}
