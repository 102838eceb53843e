package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// spoils are single records that cannot be read, and the verbs in calls that need them.
var spoils = map[string]struct{ key, field, text, refused string }{
	"a client":             {"clients", "c", "garbage", "clear evict quota release resume suspend tidy unregister"},
	"a mark":               {"marks", "c\x1fm", "garbage", "clear release"},
	"a part of a mark":     {"marks", "c\x1fm", "garbage\x1e\x1e", "clear release"},
	"a fence":              {"marks", "c\x1fn", "\x1e\x1egarbage", "quota release resume"},
	"a mark that is over":  {"marks", "c\x1fo", "garbage", "release tidy"},
	"a mark that waits":    {"marks", "w\x1fm", "garbage", "register"},
	"a slot":               {"marks", "w\x1f", "garbage", "register"},
	"a roster":             {"rosters", "[m n o]", "garbage", "assert clear evict quota release resume unregister"},
	"a size":               {"meta", "marks", "garbage", "assert clear evict head heartbeat join quota register release resume suspend tidy unregister"},
	"the feed's size":      {"meta", "feed", "garbage", "assert evict head heartbeat join release sweep"},
	"the last beat":        {"meta", "beat", "garbage", ""},
	"the last one to come": {"meta", "registered", "garbage", ""},
	"a count":              {"counts", "m", "garbage", ""},
	"a provider's count":   {"providers", "m\x1fp", "garbage", ""},
	"uses of a catalog":    {"catalog_refs", "[m n o]", "garbage", ""},
}

// TestUnreadableIsNeverHalfWritten: whatever one record is that cannot be read, a verb does all that it does, or is
// refused and has changed nothing.
func TestUnreadableIsNeverHalfWritten(t *testing.T) {
	t.Parallel()
	for name, spoil := range spoils {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
				var refused []string
				for _, verb := range everyVerb(t) {
					s := busy(t, server)
					if s.spoiledAttempt(verb, spoil.key, spoil.field, spoil.text) {
						refused = append(refused, verb)
					}
				}
				if want := strings.Fields(spoil.refused); !slices.Equal(refused, want) {
					t.Errorf("refused %q, want %q", refused, want)
				}
			})
		})
	}
}

// spoiledAttempt spoils a record, attempts a verb, and says whether it was refused for that. What it left must fit.
func (s *space) spoiledAttempt(verb, key, field, text string) (refused bool) {
	s.t.Helper()
	c, name := s.callOf(verb), s.a.keys.prefix+key
	good := s.admin.HGet(s.ctx, name, field).Val()
	s.must(s.admin.HSet(s.ctx, name, field, text).Err())
	before := s.read()
	_, err := s.attempt(c, s.until(time.Minute))
	after := s.read()
	switch {
	case errors.Is(err, ErrBroken):
		if !after.same(before) {
			s.t.Errorf("%s was refused and has changed something", verb)
		}
		return true
	case err != nil:
		s.t.Errorf("%s: %v", verb, err)
	case slices.Contains([]string{"counts", "providers", "catalog_refs", "meta"}, key): // what is kept beside the rest may stay wrong
		for _, d := range s.verified().Differences {
			if !strings.HasPrefix(d.Key, key) {
				s.t.Errorf("%s: left %+v", verb, d)
			}
		}
	default:
		if after.hashes[key][field] == text {
			s.must(s.admin.HSet(s.ctx, name, field, good).Err())
		}
		s.look()
	}
	return false
}

// A size that cannot be read stops no write where it is taken up after the first change: what was cut off counts anew.
func TestUnreadableSizeAtACut(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		server.Advance(t, 2*hour)
		s.beat(s.b)
		s.look()
		for s.head().Revision%32 != 31 {
			s.given(s.a.ClearQuota(s.ctx, "c", "m", "alice", Position{})) // a fence each time
		}
		s.must(s.admin.HSet(s.ctx, s.a.keys.meta(), "ops", "garbage").Err())
		s.given(s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m"}))
	})
}
