package registry_test

import (
	"context"
	"fmt"
	"log"

	"github.com/alicebob/miniredis/v2"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/embedded"
)

// Two replicas share what one of them writes.
func Example() {
	ctx := context.Background()
	redis, err := embedded.Start() // a Redis in this process; registry.Open takes the URL of a real one
	check(err)
	defer redis.Close()
	here, err := registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	defer here.Close()
	there, err := registry.New(ctx, redis.Client(), registry.Options{}) // another replica, in real life another process
	check(err)
	defer there.Close()

	check(here.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	check(here.SetModelQuotaExceeded(ctx, "key-1", "gpt-5"))
	check(there.WaitFor(ctx, here.Position()))
	fmt.Println(there.ClientSupportsModel("key-1", "gpt-5"), there.GetModelCount("gpt-5"))
	// Output: true 0
}

// The registry on a Redis that has a URL.
func ExampleOpen() {
	ctx := context.Background()
	redis, err := miniredis.Run()
	check(err)
	defer redis.Close()

	r, err := registry.Open(ctx, "redis://"+redis.Addr(), registry.Options{Namespace: "staging"})
	check(err)
	defer r.Close()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}, {ID: "gpt-5-mini"}}))
	fmt.Println(r.GetModelCount("gpt-5"), r.GetModelProviders("gpt-5"))
	for _, model := range r.GetModelsForClient("key-1") {
		fmt.Println(model.ID)
	}

	check(r.UnregisterClient(ctx, "key-1"))
	fmt.Println(r.GetModelCount("gpt-5"), r.GetModelInfo("gpt-5"))
	// Output:
	// 1 [openai]
	// gpt-5
	// gpt-5-mini
	// 0 <nil>
}

// check ends the program on an error; the examples have no better use for one.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// openOne opens a replica on an embedded Redis of its own. done ends both.
func openOne(ctx context.Context) (r *registry.ModelRegistry, done func()) {
	redis, err := embedded.Start()
	check(err)
	r, err = registry.New(ctx, redis.Client(), registry.Options{})
	check(err)
	return r, func() {
		check(r.Close())
		check(redis.Close())
	}
}
