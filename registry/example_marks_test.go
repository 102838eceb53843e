package registry_test

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/registry"
)

// A client that is over quota does not count, until the window is over or its mark is cleared. Its model stays listed,
// since the client comes back by itself.
func ExampleModelRegistry_SetModelQuotaExceeded() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}))

	check(r.SetModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
	fmt.Println(r.GetModelCount("claude-sonnet-4-5"), len(r.GetAvailableModels("claude")))
	check(r.ClearModelQuotaExceeded(ctx, "key-1", "claude-sonnet-4-5"))
	fmt.Println(r.GetModelCount("claude-sonnet-4-5"), len(r.GetAvailableModels("claude")))
	// Output:
	// 0 1
	// 1 1
}

// A suspension lasts until it is resumed. A model whose clients are all suspended is not listed, except where the
// reason is "quota", which counts as being over quota does.
func ExampleModelRegistry_SuspendClientModel() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}))

	check(r.SuspendClientModel(ctx, "key-1", "claude-sonnet-4-5", "payment failed"))
	fmt.Println(r.GetModelCount("claude-sonnet-4-5"), len(r.GetAvailableModels("claude")))
	check(r.ResumeClientModel(ctx, "key-1", "claude-sonnet-4-5"))
	fmt.Println(r.GetModelCount("claude-sonnet-4-5"), len(r.GetAvailableModels("claude")))
	check(r.SuspendClientModel(ctx, "key-1", "claude-sonnet-4-5", "quota"))
	fmt.Println(r.GetModelCount("claude-sonnet-4-5"), len(r.GetAvailableModels("claude")))
	// Output:
	// 0 0
	// 1 1
	// 0 1
}
