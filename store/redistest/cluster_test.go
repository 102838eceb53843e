package redistest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestClusterSpreadsKeys(t *testing.T) {
	t.Parallel()
	for _, masters := range []int{1, 3} {
		t.Run(fmt.Sprint(masters), func(t *testing.T) {
			t.Parallel()
			s := Cluster(t, masters)
			if s.Kind() != "cluster" || len(s.Addrs()) != masters {
				t.Errorf("kind %q at %v", s.Kind(), s.Addrs())
			}
			want := "redis+cluster://" + s.Addr()
			for i, addr := range s.Addrs()[1:] {
				want += "?&"[min(i, 1):][:1] + "addr=" + addr
			}
			if s.URL() != want {
				t.Errorf("URL is %q, not %q", s.URL(), want)
			}
			c := s.Client(t)
			owners := map[string]bool{}
			for i := range 30 {
				key := fmt.Sprint("key", i)
				ok(t, c.Set(t.Context(), key, i, 0).Err())
				owners[s.Owner(t, key)] = true
			}
			if len(owners) != masters {
				t.Errorf("%d nodes own 30 keys", len(owners))
			}
			if _, err := c.(*redis.ClusterClient).MGet(t.Context(), "key1", "key2").Result(); masters > 1 && err == nil {
				t.Error("keys of several slots were read in one command")
			}
			s.Now(t)
		})
	}
}

func TestClusterFailsOver(t *testing.T) {
	t.Parallel()
	s := ClusterWith(t, ClusterOptions{Masters: 3, ReplicasEach: 1})
	c := s.Client(t)
	const key = "key"
	ok(t, c.Set(t.Context(), key, "value", 0).Err())
	old := s.KillOwner(t, key)
	waitFor(t, "a new owner", func(context.Context) error {
		if s.Owner(t, key) == old {
			return errors.New("it is still the old one")
		}
		return nil
	})
	waitFor(t, "a write", func(ctx context.Context) error { return c.Set(ctx, key, "later", 0).Err() })
	s.Restart(t)
}
