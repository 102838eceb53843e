package registry_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestEvictionIsNoLoss: a client that others evict, or that is just being registered, is not one that is about to come
// back. So while clients come and go on two replicas at once, a mark is set or refused, and never waits.
func TestEvictionIsNoLoss(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns := t.Context(), redistest.Namespace(t)
		var replicas []*registry.ModelRegistry
		for _, id := range []string{"a", "b"} {
			replicas = append(replicas, openReplica(t, s, ns, id, registry.Options{KeepMarks: true}))
		}
		rounds := 30
		if s.Miniredis() != nil {
			rounds = 10 // its scripts take ten times as long
		}
		var running sync.WaitGroup
		for _, r := range replicas {
			for worker := range 4 {
				running.Go(func() {
					for i := range rounds {
						client := fmt.Sprint("c", (i+worker)%3)
						for what, err := range map[string]error{
							"register": r.RegisterClient(ctx, client, "p", named("m")),
							"mark":     r.SetModelQuotaExceededUntil(ctx, client, "m", registry.QuotaLimit{RetryAfter: time.Minute}),
							"evict":    r.EvictClient(ctx, client),
						} {
							if err != nil && (what != "mark" || !errors.Is(err, registry.ErrNotRegistered)) {
								t.Errorf("%s: %v", what, err)
							}
						}
					}
				})
			}
		}
		running.Wait()
		for _, r := range replicas {
			if refused := r.Health().Refused; refused != 0 {
				t.Errorf("%d writes waited and were refused", refused)
			}
		}
	})
}
