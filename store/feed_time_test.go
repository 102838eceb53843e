package store

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// A read that waits ends as soon as an entry comes: no time passes.
func TestFeedWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		feed := s.begun()
		got := make(chan []Entry)
		go func() {
			entries, err := feed.Next(s.ctx)
			if err != nil {
				t.Error(err)
			}
			got <- entries
		}()
		synctest.Wait() // it waits in Redis
		before := time.Now()
		_, err := s.b.Register(s.ctx, registration("c", "p", "m"))
		s.must(err)
		if entries := <-got; len(entries) != 1 || entries[0].Client != "c" {
			t.Errorf("%+v", entries)
		}
		if waited := time.Since(before); waited != 0 {
			t.Errorf("%v passed", waited)
		}
	})
}

func TestFeedWakesOnRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	s := newSpace(t, server)
	feed := s.begun()
	got := make(chan []Entry)
	go func() {
		defer close(got)
		for { // once more if the machine was so slow that the read had ended before the write
			entries, err := next(s.ctx, feed)
			if err != nil {
				t.Error(err)
				return
			}
			if len(entries) > 0 {
				got <- entries
				return
			}
		}
	}()
	for !strings.Contains(s.admin.Info(s.ctx, "clients").Val(), "blocked_clients:1") {
		if s.ctx.Err() != nil {
			t.Fatal(s.ctx.Err())
		}
	}
	s.given(s.b.Register(s.ctx, registration("c", "p", "m")))
	if entries := <-got; len(entries) != 1 || entries[0].Client != "c" {
		t.Errorf("%+v", entries)
	}
}

// begun is a feed at the head that has compared with it: from now on it waits.
func (s *space) begun() *Feed {
	s.t.Helper()
	feed := s.a.Follow(s.head(), s.a.Head)
	if entries, err := next(s.ctx, feed); err != nil || len(entries) != 0 {
		s.t.Fatalf("%v, %v", entries, err)
	}
	return feed
}

// A feed in which something comes all the time is compared with the head every second nevertheless.
func TestFeedComparesEverySecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		var compared []time.Time
		feed := s.a.Follow(s.head(), func(ctx context.Context) (Head, error) {
			compared = append(compared, time.Now())
			return s.a.Head(ctx)
		})
		for range 50 {
			_, err := s.b.Register(s.ctx, registration("c", "p"+time.Now().String(), "m"))
			s.must(err)
			if entries, err := feed.Next(s.ctx); err != nil || len(entries) != 1 {
				t.Fatalf("%v, %v", entries, err)
			}
			time.Sleep(100 * time.Millisecond) // of the bubble's time
		}
		for i := 1; i < len(compared); i++ {
			if since := compared[i].Sub(compared[i-1]); since > headEvery+100*time.Millisecond {
				t.Errorf("not compared for %v", since)
			}
		}
		if len(compared) < 4 {
			t.Errorf("compared %d times in 5 s", len(compared))
		}
	})
}

// A feed that begins compares with the head and returns at once, so that who waits for it knows; later a quiet one
// returns after about a quarter of a second.
func TestFeedReturnsWhenQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, redistest.MiniredisLive(t))
		before := time.Now()
		feed := s.begun()
		if waited := time.Since(before); waited != 0 {
			t.Errorf("began after %v", waited)
		}
		if entries, err := feed.Next(s.ctx); err != nil || len(entries) != 0 {
			t.Errorf("%v, %v", entries, err)
		}
		if waited := time.Since(before); waited < feedBlock || waited > feedBlock+feedDeadline {
			t.Errorf("returned after %v", waited)
		}
	})
}
