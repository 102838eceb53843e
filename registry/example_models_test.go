package registry_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rollcall-dev/rollcall/registry"
)

// The handler type names the shape of the list, not its models. What is not stated is left out.
func ExampleView_GetAvailableModels() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "project-1", "gemini", []*registry.ModelInfo{{
		ID: "gemini-2.5-pro", Name: "models/gemini-2.5-pro", Created: 1750118400, OwnedBy: "google", Type: "gemini",
		DisplayName: "Gemini 2.5 Pro", InputTokenLimit: 1048576, ContextLength: 1048576,
	}}))

	for _, handlerType := range []string{"openai", "claude", "gemini"} {
		list, err := json.MarshalIndent(r.GetAvailableModels(handlerType), "", "  ")
		check(err)
		fmt.Println(string(list))
	}
	// Output:
	// [
	//   {
	//     "context_length": 1048576,
	//     "created": 1750118400,
	//     "display_name": "Gemini 2.5 Pro",
	//     "id": "gemini-2.5-pro",
	//     "object": "model",
	//     "owned_by": "google",
	//     "type": "gemini"
	//   }
	// ]
	// [
	//   {
	//     "created": 1750118400,
	//     "display_name": "Gemini 2.5 Pro",
	//     "id": "gemini-2.5-pro",
	//     "object": "model",
	//     "owned_by": "google",
	//     "type": "gemini"
	//   }
	// ]
	// [
	//   {
	//     "displayName": "Gemini 2.5 Pro",
	//     "inputTokenLimit": 1048576,
	//     "name": "models/gemini-2.5-pro"
	//   }
	// ]
}

// The newest model that some client can serve now.
func ExampleView_GetFirstAvailableModel() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	_, err := r.GetFirstAvailableModel("openai")
	fmt.Println(err)

	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{
		{ID: "gpt-4.1", Created: 1744579200}, {ID: "gpt-5", Created: 1754524800},
	}))
	model, err := r.GetFirstAvailableModel("openai")
	fmt.Println(model, err)

	check(r.SetModelQuotaExceeded(ctx, "key-1", "gpt-5"))
	model, err = r.GetFirstAvailableModel("openai")
	fmt.Println(model, err)

	check(r.SetModelQuotaExceeded(ctx, "key-1", "gpt-4.1"))
	_, err = r.GetFirstAvailableModel("openai")
	fmt.Println(err)
	// Output:
	// no models available for handler type: openai
	// gpt-5 <nil>
	// gpt-4.1 <nil>
	// no available clients for any model in handler type: openai
}

// A model that a client lists twice counts twice. The provider with most registrations comes first.
func ExampleView_GetModelProviders() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "azure-1", "Azure", []*registry.ModelInfo{{ID: "gpt-5"}}))
	check(r.RegisterClient(ctx, "key-1", "OpenAI", []*registry.ModelInfo{
		{ID: "gpt-5"}, {ID: "gpt-5"}, {ID: "gpt-5-mini"},
	}))

	fmt.Println(r.GetModelCount("gpt-5"), r.GetModelProviders("gpt-5"))
	fmt.Println(r.GetModelCount("gpt-5-mini"), r.GetModelProviders("gpt-5-mini"))
	// Output:
	// 3 [openai azure]
	// 1 [openai]
}

// Where clients describe a model differently, the one that was registered last counts, or the last of a provider.
func ExampleView_GetModelInfo() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "vertex-1", "vertex", []*registry.ModelInfo{
		{ID: "gemini-2.5-pro", ContextLength: 2097152},
	}))
	check(r.RegisterClient(ctx, "key-1", "gemini", []*registry.ModelInfo{
		{ID: "gemini-2.5-pro", ContextLength: 1048576},
	}))

	fmt.Println(r.GetModelInfo("gemini-2.5-pro").ContextLength)
	fmt.Println(r.GetModelInfo("gemini-2.5-pro", "vertex").ContextLength)
	fmt.Println(r.GetModelInfo("gemini-2.5-pro", "nobody").ContextLength)
	// Output:
	// 1048576
	// 2097152
	// 1048576
}
