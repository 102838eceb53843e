package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// follow is a feed over links that stand in Redis, after the fourth. The head is what the test says.
func follow(t *testing.T, server *redistest.Server, head Position, links ...redis.XMessage) *Feed {
	t.Helper()
	s := emptySpace(t, server)
	s.add(links...)
	return s.a.Follow(at(4), func(context.Context) (Head, error) { return Head{Position: head}, nil })
}

// next is what the feed has next. A busy machine may keep an answer for longer than the feed waits for it; then it is
// asked once more, as Next allows.
func next(ctx context.Context, feed *Feed) ([]Entry, error) {
	for {
		entries, err := feed.Next(ctx)
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return entries, err
		}
	}
}

// add puts links into the feed.
func (s *space) add(links ...redis.XMessage) {
	s.t.Helper()
	pipe := s.admin.Pipeline()
	for _, link := range links {
		pipe.XAdd(s.ctx, &redis.XAddArgs{Stream: newKeys(s.name).feed(), ID: link.ID, Values: link.Values})
	}
	if len(links) > 0 {
		_, err := pipe.Exec(s.ctx)
		s.must(err)
	}
}

func TestFeedInPages(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		feed := follow(t, server, at(2304), links(1, 2304)...)
		revision := 5
		for _, want := range []int{1000, 1000, 300} {
			entries, err := next(t.Context(), feed)
			if err != nil || len(entries) != want {
				t.Fatalf("%d entries, %v; want %d", len(entries), err, want)
			}
			for _, entry := range entries {
				if entry.Position != at(revision) {
					t.Fatalf("%v, want %v", entry.Position, at(revision))
				}
				revision++
			}
			if feed.Position() != at(revision-1) {
				t.Errorf("at %v, want %v", feed.Position(), at(revision-1))
			}
		}
	})
}

// A feed that cannot be followed is told apart, and not an entry of it is handed out.
func TestFeedBrokenChain(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		for name, c := range brokenChains {
			if name == "one comes twice" {
				continue // no stream has that
			}
			t.Run(name, func(t *testing.T) {
				feed := follow(t, server, at(9), c.links...)
				entries, err := next(t.Context(), feed)
				checkDiverged(t, err, c.reason)
				if entries != nil || feed.Position() != at(4) {
					t.Errorf("handed out %v, at %v", entries, feed.Position())
				}
			})
		}
	})
}

// What the head says is held against the position before anything is read.
func TestFeedAgainstHead(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		for name, c := range map[string]struct {
			head   Position
			reason string
		}{
			"went back":      {at(3), "rollback"},
			"another epoch":  {Position{"other", 9, "n9"}, "epoch"},
			"rewritten":      {Position{"e", 4, "other"}, "chain"},
			"back to before": {Position{"e", 0, ""}, "rollback"},
		} {
			t.Run(name, func(t *testing.T) {
				entries, err := next(t.Context(), follow(t, server, c.head, links(1, 5)...))
				checkDiverged(t, err, c.reason)
				if entries != nil {
					t.Errorf("entries all the same: %v", entries)
				}
			})
		}
	})
}

// The head is ahead, yet the stream has nothing after the position.
func TestFeedMissing(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		_, err := next(t.Context(), follow(t, server, at(6), links(1, 4)...))
		checkDiverged(t, err, "missing")
	})
}

// Nothing new is no error, and the head was compared last.
func TestFeedQuiet(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		feed := s.a.Follow(s.head(), s.a.Head)
		began := time.Now()
		entries, err := next(s.ctx, feed)
		if err != nil || len(entries) != 0 {
			t.Errorf("%v, %v", entries, err)
		}
		if head, asked := feed.Head(); head.Position != s.head() || asked.Before(began) {
			t.Errorf("head %+v, asked at %v", head, asked)
		}
	})
}

// What becomes of a feed when its key, or everything, is deleted while it is followed.
func TestFeedDeleted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remove func(s *space) error
		want   error
	}{
		"DEL":      {func(s *space) error { return s.admin.Del(s.ctx, newKeys(s.name).feed()).Err() }, ErrBroken},
		"FLUSHALL": {func(s *space) error { return s.admin.FlushAll(s.ctx).Err() }, ErrEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, server *redistest.Server) {
				s := newSpace(t, server)
				feed := s.a.Follow(s.head(), s.a.Head)
				s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
				if entries, err := next(s.ctx, feed); err != nil || len(entries) != 1 {
					t.Fatalf("%v, %v", entries, err)
				}
				s.must(c.remove(s))
				if _, err := next(s.ctx, feed); !errors.Is(err, c.want) { // nothing comes, so it compares
					t.Errorf("%v, want %v", err, c.want)
				}
			})
		})
	}
}

// After a lost connection the first thing is to compare; then the feed goes on where it was.
func TestFeedThroughLostConnection(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		proxy := redistest.NewProxy(t, server.Addr())
		through, err := Open(server.URLAt(proxy.Addr()), Options{Namespace: s.name, Replica: "c"})
		s.must(err)
		defer through.Close()
		checks := 0
		feed := through.Follow(s.head(), func(ctx context.Context) (Head, error) {
			checks++
			return s.a.Head(ctx)
		})
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		if entries, err := next(s.ctx, feed); err != nil || len(entries) != 1 {
			t.Fatalf("%v, %v", entries, err)
		}
		proxy.Cut()
		if entries, err := feed.Next(s.ctx); !errors.Is(err, ErrUnavailable) || entries != nil {
			t.Errorf("while cut: %v, %v", entries, err)
		}
		proxy.Restore()
		s.given(s.b.Register(s.ctx, registration("d", "p", "m")))
		before := checks
		entries, err := next(s.ctx, feed) // the pool may have connections that were cut
		if err != nil || len(entries) != 1 || entries[0].Client != "d" {
			t.Errorf("%v, %v", entries, err)
		}
		if checks == before {
			t.Error("did not compare after the loss")
		}
	})
}

// Who follows a history that a failover to a lagging replica rewrote finds out, although the revisions fit.
func TestFeedRewritten(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
		seen := s.head()
		seen.Nonce = "of an entry that was lost"
		s.given(s.b.Register(s.ctx, registration("d", "p", "m")))
		_, err := next(s.ctx, s.a.Follow(seen, s.a.Head))
		checkDiverged(t, err, "chain")
	})
}
