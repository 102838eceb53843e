package registry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// Bad input is refused before Redis is asked, and the error names the field.
func ExampleInvalidError() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()

	err := r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}, {ID: "gpt\n5"}})
	fmt.Println(errors.Is(err, registry.ErrInvalid))
	var invalid *registry.InvalidError
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Field, "-", invalid.Problem)
	}
	fmt.Println(r.GetModelCount("gpt-5"))
	// Output:
	// true
	// models[1].id - has a control character at byte 3
	// 0
}

// Only a client that supplies the model can be marked.
func ExampleModelRegistry_SetModelQuotaExceeded_notRegistered() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	err := r.SetModelQuotaExceeded(ctx, "key-1", "gpt-6")
	fmt.Println(errors.Is(err, registry.ErrNotRegistered))
	// Output: true
}

// Health tells how far the view can be trusted, without asking Redis.
func ExampleModelRegistry_Health() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()

	health := r.Health()
	fmt.Println(health.Connected, health.Stale, health.Replicas, health.LastError)
	fmt.Println(health.Age < time.Minute, health.Position == r.Position())
	// Output:
	// true false 1 <nil>
	// true true
}
