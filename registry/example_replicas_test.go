package registry_test

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// A client stays as long as one replica holds it: the one that closes gives up its own holds only.
func ExampleModelRegistry_RegisterClient() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	a, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "a"})
	check(err)
	b, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "b"})
	check(err)
	defer b.Close()

	models := []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}
	check(a.RegisterClient(ctx, "both", "claude", models))
	check(b.RegisterClient(ctx, "both", "claude", models))
	check(a.RegisterClient(ctx, "only-a", "claude", models))
	check(b.Sync(ctx))
	fmt.Println(b.GetModelCount("claude-sonnet-4-5"))

	check(a.Close())
	check(b.Sync(ctx))
	fmt.Println(b.GetModelCount("claude-sonnet-4-5"), b.ClientSupportsModel("only-a", "claude-sonnet-4-5"))
	// Output:
	// 2
	// 1 false
}

// A position travels as text, in a header or a cookie say, and lets any replica show at least what its giver saw.
func ExampleModelRegistry_WaitFor() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	writer, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer writer.Close()
	reader, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer reader.Close()

	check(writer.RegisterClient(ctx, "key-1", "gemini", []*registry.ModelInfo{{ID: "gemini-2.5-pro"}}))
	text, err := writer.Position().MarshalText()
	check(err)

	var position registry.Position
	check(position.UnmarshalText(text))
	check(reader.WaitFor(ctx, position))
	fmt.Println(reader.GetModelCount("gemini-2.5-pro"))
	// Output: 1
}

// Sync needs no position: it asks Redis where the history ends and waits for that.
func ExampleModelRegistry_Sync() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	writer, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer writer.Close()
	reader, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer reader.Close()

	check(writer.RegisterClient(ctx, "key-1", "gemini", []*registry.ModelInfo{{ID: "gemini-2.5-pro"}}))
	check(reader.Sync(ctx))
	fmt.Println(reader.GetModelCount("gemini-2.5-pro"))
	// Output: 1
}

// Replicas asks Redis who takes part, and how many clients each holds.
func ExampleModelRegistry_Replicas() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	r, err := registry.New(ctx, redis.Client(), registry.Options{ReplicaID: "proxy-1"})
	check(err)
	defer r.Close()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	replicas, err := r.Replicas(ctx)
	check(err)
	for _, one := range replicas {
		fmt.Println(one.ReplicaID, one.Live, one.Clients)
	}
	// Output: proxy-1 true 1
}

// An observer looks on: it holds no client and creates nothing.
func ExampleOptions_observer() {
	ctx := context.Background()
	redis, err := embedded.Start()
	check(err)
	defer redis.Close()
	observer, err := registry.New(ctx, redis.Client(), registry.Options{Observer: true})
	check(err)
	defer observer.Close()
	fmt.Println(len(observer.GetAvailableModels("openai")), "models before anybody came")

	replica, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer replica.Close()
	check(replica.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	late, err := registry.New(ctx, redis.Client(), registry.Options{Observer: true})
	check(err)
	defer late.Close()
	fmt.Println(late.GetModelCount("gpt-5"))
	fmt.Println(late.RegisterClient(ctx, "key-2", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	// Output:
	// 0 models before anybody came
	// 1
	// Options.Observer: is set, so this replica cannot hold client "key-2"
}
