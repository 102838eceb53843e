package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestOnSentinel inspects and goes the main path behind sentinels, and then kills the primary: writes go on with its replica.
func TestOnSentinel(t *testing.T) {
	t.Parallel()
	server := redistest.Sentinel(t)
	inspected(t, openURL(t, server.URL()))
	mainPath(t, byURL(t, server.URL()))
	client := server.Client(t)
	if _, ok := client.(*redis.Client); !ok {
		t.Fatalf("a failover client is a %T", client)
	}
	open := byClient(t, client)
	mainPath(t, open)

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	byAddress, given := byURL(t, server.URL())("u"), open("g")
	if _, err := byAddress.Begin(ctx, Position{}, Position{}, "test"); err != nil {
		t.Fatal(err)
	}
	old := server.KillPrimary(t)
	var both sync.WaitGroup
	for name, s := range map[string]*Store{"by URL": byAddress, "on a client": given} {
		both.Go(func() {
			if err := writeAfterFailover(ctx, s, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	both.Wait()
	for server.Primary(t) == old { // this sentinel may hear of it later than the one that the stores asked
		if ctx.Err() != nil {
			t.Fatalf("the primary is still %s", old)
		}
	}
}

// writeAfterFailover registers a client as soon as that can be done. What was written a moment before the failover may
// be lost; then history begins anew.
func writeAfterFailover(ctx context.Context, s *Store, client string) error {
	at, err := s.Trace(ctx)
	for err != nil && ctx.Err() == nil {
		at, err = s.Trace(ctx)
	}
	if _, err := s.Head(ctx); err != nil {
		if _, err := s.Begin(ctx, at, at, "after the failover"); err != nil {
			return err
		}
	}
	reply, err := s.Register(ctx, registration(client, "p", "m"))
	if err == nil && !reply.Changed {
		err = errors.New("nothing changed")
	}
	return err
}
