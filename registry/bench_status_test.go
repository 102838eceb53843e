package registry_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

// benchmarkStatus asks what a proxy asks to route a request, while no client has a mark, then while every other one is
// over quota as a whole.
func benchmarkStatus(b *testing.B, w world, a, other *registry.ModelRegistry) {
	b.Run("unmarked", func(b *testing.B) { statusReads(b, w, a) })
	each := func(change func(client string) error) {
		inParallel(b, w.clients/2, func(i int) error { return change(w.client(2*i + i/4%2)) })
		benchOK(b, a.Sync(b.Context()))
	}
	each(func(client string) error { return other.SetModelQuotaExceeded(b.Context(), client, "*") })
	b.Run("half-cooling", func(b *testing.B) { statusReads(b, w, a) })
	each(func(client string) error { return other.ClearModelQuotaExceeded(b.Context(), client, "*") })
}

func statusReads(b *testing.B, w world, r *registry.ModelRegistry) {
	const keys = 1 << 10
	var clients, own [keys]string
	var excluding [keys]registry.PickOptions
	for i := range keys {
		clients[i], own[i] = w.pair(i*7 + i/100)
		another, _ := w.pair(i * 3)
		excluding[i].Exclude = []string{clients[i], another}
	}
	run := func(name string, ask func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			defer threadTime(b)()
			for i := 0; b.Loop(); i++ {
				ask(i % keys)
			}
		})
	}
	run("ClientModelStatus", func(i int) { r.ClientModelStatus(clients[i], own[i]) })
	run("PickClient", func(i int) { r.PickClient(own[i], registry.PickOptions{}) })
	run("PickClient-provider", func(i int) {
		r.PickClient(own[i], registry.PickOptions{Providers: benchProviders[:1]})
	})
	run("PickClient-excluding", func(i int) { r.PickClient(own[i], excluding[i]) })
	run("ModelStatus", func(i int) { r.ModelStatus(own[i]) })
	run("AvailableClients", func(i int) { r.AvailableClients(own[i]) })
}
