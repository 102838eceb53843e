package registry_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise01AWriteAppearsWhole looks into Redis while two replicas write: at each moment the counts are those of the
// clients, the clients' numbers of marks those of the marks, and the feed ends where the head says.
func TestPromise01AWriteAppearsWhole(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ns := redistest.Namespace(t)
		var writing sync.WaitGroup
		for _, id := range []string{"a", "b"} {
			r := openReplica(t, s, ns, id, registry.Options{})
			for w := range 2 {
				writing.Go(func() { churn(t, r, fmt.Sprintf("%s-%d", id, w), 12) })
			}
		}
		done := make(chan struct{})
		go func() {
			writing.Wait()
			close(done)
		}()
		defer writing.Wait()
		c := s.Admin(t)
		for moments := 0; ; moments++ {
			m, err := lookInto(t.Context(), c, "rollcall:{"+ns+"}:")
			must(t, err)
			if problem := m.problem(); problem != "" {
				t.Fatal(problem)
			}
			select {
			case <-done:
				t.Logf("%d moments", moments)
				return
			default:
			}
		}
	})
}

// moment is what one transaction saw of a namespace.
type moment struct {
	clients, rosters, counts, providers, marks, meta *redis.MapStringStringCmd
	feed                                             *redis.XMessageSliceCmd
}

func lookInto(ctx context.Context, c redis.UniversalClient, prefix string) (m moment, err error) {
	_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for name, into := range map[string]**redis.MapStringStringCmd{
			"clients": &m.clients, "rosters": &m.rosters, "counts": &m.counts, "providers": &m.providers,
			"marks": &m.marks, "meta": &m.meta,
		} {
			*into = p.HGetAll(ctx, prefix+name)
		}
		m.feed = p.XRevRangeN(ctx, prefix+"feed", "+", "-", 1)
		return nil
	})
	return m, err
}

// problem says what does not fit together, "" for nothing.
func (m moment) problem() string {
	counts, providers, marks := map[string]int{}, map[string]int{}, map[string]string{}
	for client, record := range m.clients.Val() {
		fields := strings.Split(record, "\x1f")
		for entry := range strings.SplitSeq(strings.TrimPrefix(m.rosters.Val()[fields[1]], "\x1e"), "\x1e") {
			model, copies, _ := strings.Cut(entry, "\x1f")
			n, _ := strconv.Atoi(copies)
			counts[model] += n
			providers[model+"\x1f"+fields[0]] += n
		}
		marks[client] = fields[4]
	}
	found := map[string]int{}
	for pair := range m.marks.Val() {
		client, _, _ := strings.Cut(pair, "\x1f")
		found[client]++
	}
	for client, stated := range marks {
		if stated != strconv.Itoa(found[client]) {
			return fmt.Sprintf("client %s has %d marks, its record says %s", client, found[client], stated)
		}
	}
	if !maps.Equal(counts, numbers(m.counts.Val())) || !maps.Equal(providers, numbers(m.providers.Val())) {
		return fmt.Sprintf("counts %q and %q, the clients make it %v and %v", m.counts.Val(), m.providers.Val(), counts,
			providers)
	}
	last, meta := m.feed.Val()[0], m.meta.Val()
	if last.ID != meta["rev"]+"-0" || last.Values["nonce"] != meta["tail"] {
		return fmt.Sprintf("the feed ends with %v, the head is %s, %s", last, meta["rev"], meta["tail"])
	}
	return ""
}

func numbers(texts map[string]string) map[string]int {
	all := make(map[string]int, len(texts))
	for key, text := range texts {
		all[key], _ = strconv.Atoi(text)
	}
	return all
}
