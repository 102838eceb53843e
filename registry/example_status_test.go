package registry_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// Why can a client not be used? The mark that decides says so; one on "*" is on all models of the client.
func ExampleView_ClientModelStatus() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}))

	fmt.Println(r.ClientModelStatus("key-1", "claude-sonnet-4-5").State)
	check(r.SetModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
	status := r.ClientModelStatus("key-1", "claude-sonnet-4-5")
	fmt.Println(status.State, status.Source, status.Until.Sub(status.Since))
	check(r.SuspendClientModel(ctx, "key-1", "*", "payment failed"))
	status = r.ClientModelStatus("key-1", "claude-sonnet-4-5")
	fmt.Println(status.State, status.Reason, status.WholeClient)
	fmt.Println(r.ClientModelStatus("key-2", "claude-sonnet-4-5").State)
	// Output:
	// available
	// cooling heuristic 5m0s
	// suspended payment failed true
	// unregistered
}

// How does a model stand? Its clients are counted by state, in all and by provider.
func ExampleView_ModelStatus() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	models := []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}
	check(r.RegisterClient(ctx, "key-1", "claude", models))
	check(r.RegisterClient(ctx, "key-2", "claude", models))
	check(r.RegisterClient(ctx, "key-3", "vertex", models))
	check(r.SetModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
	check(r.SuspendClientModel(ctx, "key-3", "*", "payment failed"))

	status := r.ModelStatus("claude-sonnet-4-5")
	fmt.Printf("%+v\n", status.StateCounts)
	for _, provider := range status.Providers {
		fmt.Printf("%s: %d of %d available\n", provider.Provider, provider.Available, provider.Clients)
	}
	fmt.Println(status.Recovery.Equal(r.ClientModelStatus("key-1", "claude-sonnet-4-5").Until))
	// Output:
	// {Clients:3 Available:1 Cooling:1 Suspended:1}
	// claude: 1 of 2 available
	// vertex: 0 of 1 available
	// true
}

// The clients that may be used for a model now: what another replica has just marked is not among them.
func ExampleView_AvailableClients() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	models := []*registry.ModelInfo{{ID: "gpt-5"}}
	for _, client := range []string{"key-2", "key-3", "key-1"} {
		check(r.RegisterClient(ctx, client, "openai", models))
	}
	check(r.SetModelQuotaExceeded(ctx, "key-2", "gpt-5"))
	fmt.Println(r.AvailableClients("gpt-5"))
	// Output: [key-1 key-3]
}

// Clients take turns. A request that failed with one of them asks for another.
func ExampleView_PickClient() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	models := []*registry.ModelInfo{{ID: "gpt-5"}}
	for _, client := range []string{"key-1", "key-2", "key-3"} {
		check(r.RegisterClient(ctx, client, "openai", models))
	}
	check(r.SetModelQuotaExceeded(ctx, "key-2", "gpt-5"))

	first, _ := r.PickClient("gpt-5", registry.PickOptions{})
	second, _ := r.PickClient("gpt-5", registry.PickOptions{})
	turns := []string{first, second}
	slices.Sort(turns)
	fmt.Println(turns)
	fmt.Println(r.PickClient("gpt-5", registry.PickOptions{Exclude: []string{"key-1"}}))
	_, ok := r.PickClient("gpt-5", registry.PickOptions{Providers: []string{"azure"}})
	fmt.Println(ok)
	// Output:
	// [key-1 key-3]
	// key-3 true
	// false
}

// All that is known of one client.
func ExampleView_Client() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	r, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "a"})
	check(err)
	defer r.Close()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}, {ID: "gpt-5-mini"}}))
	check(r.SuspendClientModel(ctx, "key-1", "*", "payment failed"))

	client, _ := r.Client("key-1")
	fmt.Println(client.Provider, client.Holders, client.Models)
	for _, mark := range client.Marks {
		fmt.Println(mark.ModelID, mark.Suspension.Reason, mark.Suspension.SetBy)
	}
	fmt.Println(len(r.Clients()))
	// Output:
	// openai [a] [gpt-5 gpt-5-mini]
	// * payment failed a
	// 1
}

// Each replica lists what all can serve, and routes to what it can reach itself.
func ExampleModelRegistry_Local() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	a, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "a"})
	check(err)
	defer a.Close()
	b, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "b"})
	check(err)
	defer b.Close()
	models := []*registry.ModelInfo{{ID: "gpt-5"}}
	check(a.RegisterClient(ctx, "only-a", "openai", models))
	check(b.RegisterClient(ctx, "only-b", "openai", models))
	check(b.RegisterClient(ctx, "both", "openai", models))
	check(a.RegisterClient(ctx, "both", "openai", models))
	check(a.Sync(ctx))
	check(b.Sync(ctx))

	fmt.Println(a.GetModelCount("gpt-5"), a.Local().GetModelCount("gpt-5"))
	fmt.Println(b.AvailableClients("gpt-5"), b.Local().AvailableClients("gpt-5"))
	check(a.SetModelQuotaExceeded(ctx, "both", "gpt-5"))
	check(b.Sync(ctx))
	fmt.Println(b.PickClient("gpt-5", registry.PickOptions{Local: true}))
	// Output:
	// 3 2
	// [both only-a only-b] [both only-b]
	// only-b true
}
