package registry_test

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// A watch tells what is there, then that this was all, then what changes.
func ExampleModelRegistry_Watch() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}))

	w := r.Watch(ctx)
	defer w.Close()
	for event := range w.C() {
		switch event.Kind {
		case registry.EventClient:
			fmt.Println(event.ClientID, "of", event.Provider, "has", len(event.Models), "model")
		case registry.EventClientGone:
			fmt.Println(event.ClientID, "is gone")
			w.Close()
		case registry.EventMark:
			fmt.Println(event.ClientID, event.ModelID, "over quota:", event.Quota != nil)
		case registry.EventSynced:
			fmt.Println("that is the state")
			check(r.SetModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
			check(r.ClearModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
			check(r.UnregisterClient(ctx, "key-1"))
		}
	}
	fmt.Println(w.Err())
	// Output:
	// key-1 of claude has 1 model
	// that is the state
	// key-1 claude-sonnet-4-5 over quota: true
	// key-1 claude-sonnet-4-5 over quota: false
	// key-1 is gone
	// <nil>
}

// printer is a hook.
type printer struct{ said chan struct{} }

func (p printer) OnModelsRegistered(_ context.Context, provider, clientID string, models []*registry.ModelInfo) {
	fmt.Println(clientID, "of", provider, "has", models[0].ID)
	p.said <- struct{}{}
}

func (p printer) OnModelsUnregistered(_ context.Context, provider, clientID string) {
	fmt.Println(clientID, "of", provider, "is gone")
	p.said <- struct{}{}
}

// A hook hears which clients are registered, whichever replica did it.
func ExampleHook() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	there, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer there.Close()
	check(there.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	hook := printer{make(chan struct{})}
	here, err := registry.New(ctx, redis.Client(), registry.Options{Hook: hook})
	check(err)
	defer here.Close()
	<-hook.said
	check(there.UnregisterClient(ctx, "key-1"))
	<-hook.said
	// Output:
	// key-1 of openai has gpt-5
	// key-1 of openai is gone
}
