package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/registry/quotasignal"
)

// A proxy's whole dealing with a 429, in sendUpstream: what the provider says of its quota becomes a mark until then, and
// a success clears what was known when its request began, and nothing newer.
func ExampleModelRegistry_SetModelQuotaExceededUntil() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	sendUpstream := func(status int, header http.Header) error {
		began := r.Position()
		// ... the request goes out here ...
		if status < 300 {
			return r.ClearModelQuotaExceededAsOf(ctx, "key-1", "gpt-5", began)
		}
		limit, ok := quotasignal.FromResponse("openai", status, header, nil, time.Now())
		if !ok {
			return nil // no quota was hit
		}
		limit.Seen = began
		return r.SetModelQuotaExceededUntil(ctx, "key-1", "gpt-5", limit)
	}
	check(sendUpstream(429, http.Header{"Retry-After": {"90"}}))
	status := r.ClientModelStatus("key-1", "gpt-5")
	fmt.Println(status.State, status.Source, time.Until(status.Until) > time.Minute)
	check(sendUpstream(200, nil))
	fmt.Println(r.ClientModelStatus("key-1", "gpt-5").State)
	// Output:
	// cooling retry_after true
	// available
}

// A success says nothing of a 429 that came after its request had begun.
func ExampleModelRegistry_ClearModelQuotaExceededAsOf() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))

	slow := r.Position() // a long request begins
	check(r.SetModelQuotaExceeded(ctx, "key-1", "gpt-5"))
	check(r.ClearModelQuotaExceededAsOf(ctx, "key-1", "gpt-5", slow)) // and succeeds
	fmt.Println(r.GetModelCount("gpt-5"))
	check(r.ClearModelQuotaExceededAsOf(ctx, "key-1", "gpt-5", r.Position())) // one that began after the 429 does
	fmt.Println(r.GetModelCount("gpt-5"))
	// Output:
	// 0
	// 1
}

// A suspension with a deadline ends by itself; a longer one replaces it.
func ExampleModelRegistry_SuspendClientModelUntil() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}, {ID: "claude-opus-4-5"}}))

	hour := time.Now().Add(time.Hour)
	check(r.SuspendClientModelUntil(ctx, "key-1", "*", "403 for a while", hour)) // all its models
	check(r.SuspendClientModelUntil(ctx, "key-1", "*", "shorter", hour.Add(-time.Minute)))
	fmt.Println(r.ClientModelStatus("key-1", "claude-opus-4-5").Reason)
	check(r.SuspendClientModel(ctx, "key-1", "*", "401"))
	status := r.ClientModelStatus("key-1", "claude-opus-4-5")
	fmt.Println(status.Reason, status.Until.IsZero(), status.WholeClient)
	// Output:
	// 403 for a while
	// 401 true true
}

// A later position resumes what was suspended up to it.
func ExampleModelRegistry_ResumeClientModelAsOf() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "claude", []*registry.ModelInfo{{ID: "claude-sonnet-4-5"}}))

	before := r.Position()
	check(r.SuspendClientModel(ctx, "key-1", "claude-sonnet-4-5", "500 three times"))
	check(r.ResumeClientModelAsOf(ctx, "key-1", "claude-sonnet-4-5", before))
	fmt.Println(r.ClientModelStatus("key-1", "claude-sonnet-4-5").State)
	check(r.ResumeClientModelAsOf(ctx, "key-1", "claude-sonnet-4-5", r.Position()))
	fmt.Println(r.ClientModelStatus("key-1", "claude-sonnet-4-5").State)
	// Output:
	// suspended
	// available
}

// What a person sets no program lifts; what a person clears no late 429 brings back.
func ExampleWithActor() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	check(r.RegisterClient(ctx, "key-1", "openai", []*registry.ModelInfo{{ID: "gpt-5"}}))
	alice := registry.WithActor(ctx, "alice")

	check(r.SuspendClientModel(alice, "key-1", "gpt-5", "invoice open"))
	check(r.ResumeClientModel(ctx, "key-1", "gpt-5")) // a program
	fmt.Println(r.ClientModelStatus("key-1", "gpt-5").SetBy)
	check(r.ResumeClientModel(alice, "key-1", "gpt-5"))

	began := r.Position() // a request begins
	check(r.ClearModelQuotaExceeded(alice, "key-1", "gpt-5"))
	late := registry.QuotaLimit{RetryAfter: time.Hour, Seen: began}
	check(r.SetModelQuotaExceededUntil(ctx, "key-1", "gpt-5", late))
	fmt.Println(r.ClientModelStatus("key-1", "gpt-5").State)
	// Output:
	// alice
	// available
}

// An evicted client is gone everywhere, and comes back when somebody registers it.
func ExampleModelRegistry_EvictClient() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	models := []*registry.ModelInfo{{ID: "gpt-5"}}
	check(r.RegisterClient(ctx, "leaked-key", "openai", models))

	check(r.EvictClient(registry.WithActor(ctx, "alice"), "leaked-key"))
	fmt.Println(r.GetModelCount("gpt-5"))
	check(r.RegisterClient(ctx, "leaked-key", "openai", models))
	fmt.Println(r.GetModelCount("gpt-5"))
	// Output:
	// 0
	// 1
}

// A released client leaves its marks waiting for its return.
func ExampleModelRegistry_ReleaseClient() {
	ctx := context.Background()
	r, done := openOne(ctx)
	defer done()
	models := []*registry.ModelInfo{{ID: "gpt-5"}}
	check(r.RegisterClient(ctx, "key-1", "openai", models))
	check(r.SetModelQuotaExceededUntil(ctx, "key-1", "gpt-5", registry.QuotaLimit{RetryAfter: time.Hour}))

	check(r.ReleaseClient(ctx, "key-1"))
	fmt.Println(r.ClientSupportsModel("key-1", "gpt-5"))
	check(r.RegisterClient(ctx, "key-1", "openai", models))
	fmt.Println(r.ClientModelStatus("key-1", "gpt-5").State)
	// Output:
	// false
	// cooling
}
