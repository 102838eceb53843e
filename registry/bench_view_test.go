package registry_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// BenchmarkView measures what one change costs the view that shows it: this time, on every replica, is part of how late
// a change is seen, and what is left for reads when changes are many.
func BenchmarkView(b *testing.B) {
	for _, size := range []struct {
		name    string
		clients int
	}{{"1000-clients", 1000}, {"10000-clients", 10_000}} {
		w := sharedWorld(size.clients, 8)
		b.Run(size.name, func(b *testing.B) {
			r := benchReplica(b, anyServer(b), redistest.Namespace(b), "a")
			w.register(b, r)
			w.mark(b, r)
			benchmarkView(b, w, r)
		})
	}
}

func benchmarkView(b *testing.B, w world, r *registry.ModelRegistry) {
	run := func(name string, change func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				change(i)
			}
		})
	}
	run("mark", applyMarks(w, r))

	digests := []string{registry.Digest(r, w.client(0)), registry.Digest(r, w.client(4))}
	revision := uint64(1 << 40)
	register := func(client, digest string) {
		revision++
		registry.Apply(r, store.Entry{Kind: store.KindClient, Client: client, Record: &store.ClientRecord{
			Provider: benchProviders[0], Digest: digest, RegisteredAt: time.Now().UnixMilli(), Revision: revision,
			Holders: []string{"a"},
		}})
	}
	run("catalog", func(i int) { register(w.client(i/2*8), digests[(i+1)%2]) }) // there and back
	run("come-and-go", func(i int) {
		if i%2 == 0 {
			register("one more", digests[0])
			return
		}
		registry.Apply(r, store.Entry{Kind: store.KindGone, Client: "one more"})
	})
}
