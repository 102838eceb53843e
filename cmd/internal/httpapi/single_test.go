package httpapi_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
)

func TestASingleModelIsNamedByOneEscapedSegment(t *testing.T) {
	t.Parallel()
	ids := []string{"plain", "openai/gpt-5:free", "with space", "a%2Fb", "...", "a//b", "ü", "?x=1#y", "models/odd", "+"}
	api, r := newAPI(t, named(ids...)...)
	for _, id := range ids {
		quoted := `"` + id + `"`
		expect(t, call(api, "GET", "/v1/models/"+url.PathEscape(id)), 200, `{"id":`+quoted+`,"object":"model","owned_by":"o"}`)
		expect(t, call(api, "GET", "/v1/models/"+url.PathEscape(id), "anthropic-version", version), 200,
			`{"type":"model","id":`+quoted+`,"display_name":`+quoted+`,"created_at":"1970-01-01T00:00:00Z"}`)
		name := `"models/` + strings.TrimPrefix(id, "models/") + `"`
		expect(t, call(api, "GET", "/v1beta/models/"+url.PathEscape(id)), 200, `{"name":`+name+`}`)
		expect(t, call(api, "GET", "/v1beta/models/"+url.PathEscape("models/"+id)), 200, `{"name":`+name+`}`)
	}
	register(t, r, "key-2", "p", named("..")...)
	expect(t, call(api, "GET", "/v1/models/%2E%2E"), 200, `{"id":"..","object":"model","owned_by":"o"}`)
	// Clients that do not escape mean the same.
	expect(t, call(api, "GET", "/v1/models/openai/gpt-5:free"), 200, `{"id":"openai/gpt-5:free","object":"model","owned_by":"o"}`)
	expect(t, call(api, "GET", "/v1beta/models/models/plain"), 200, `{"name":"models/plain"}`)
}

func TestGeminisModelIsFoundByNameAndByID(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, &registry.ModelInfo{ID: "own", Name: "models/public", DisplayName: "P"},
		&registry.ModelInfo{ID: "public", Name: "other"})
	for _, name := range []string{"public", "models%2Fpublic", "own", "models%2Fown"} {
		expect(t, call(api, "GET", "/v1beta/models/"+name), 200, `{"displayName":"P","name":"models/public"}`)
	}
	expect(t, call(api, "GET", "/v1beta/models/other"), 200, `{"name":"models/other"}`)
}

func TestAModelIsAnsweredWhileAllItsClientsAreCooling(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("a")...)
	must(t, r.SetModelQuotaExceeded(t.Context(), "key-1", "a"))
	expect(t, call(api, "GET", "/v1/models/a"), 200, `{"id":"a","object":"model","owned_by":"o"}`)
	must(t, r.SuspendClientModel(t.Context(), "key-1", "a", "broken"))
	if w := call(api, "GET", "/v1/models/a"); w.Code != 404 {
		t.Errorf("suspended by its only client it answers %d, want 404 as it is in no list", w.Code)
	}
}

func TestAModelThatIsNotThere(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a")...)
	expect(t, call(api, "GET", "/v1/models/x%2Fy"), 404,
		`{"error":{"message":"no client lists a model \"x/y\"","type":"invalid_request_error","code":"model_not_found"}}`)
	expect(t, call(api, "GET", "/v1/models/x", "anthropic-version", version), 404,
		`{"type":"error","error":{"type":"not_found_error","message":"no client lists a model \"x\""}}`)
	expect(t, call(api, "GET", "/v1beta/models/x"), 404,
		`{"error":{"code":404,"message":"no client lists a model \"x\"","status":"NOT_FOUND"}}`)
}

func TestAModelIDThatCannotBeOne(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a")...)
	for path, problem := range map[string]string{
		"":     "is missing",
		"a%00": `is \"a\\x00\"; control characters are not allowed`,
		"%ff":  "is not valid UTF-8",
	} {
		expect(t, call(api, "GET", "/v1/models/"+path), 400,
			`{"error":{"message":"the model ID in the path `+problem+`","type":"invalid_request_error","code":"invalid_parameter"}}`)
		expect(t, call(api, "GET", "/v1beta/models/"+path), 400,
			`{"error":{"code":400,"message":"the model ID in the path `+problem+`","status":"INVALID_ARGUMENT"}}`)
	}
	long := strings.Repeat("a", 513)
	expect(t, call(api, "GET", "/v1/models/"+long), 400,
		`{"error":{"message":"the model ID in the path has 513 bytes; at most 512 are allowed","type":"invalid_request_error","code":"invalid_parameter"}}`)
	expectStatus(t, call(api, "GET", "/v1beta/models/models%2F"+long[1:]), 404) // the prefix is none of the ID
	expectStatus(t, call(api, "GET", "/v1beta/models/models%2F"+long), 400)
	expect(t, call(api, "GET", "/v1/models/a?detail=yes"), 400,
		`{"error":{"message":"detail is \"yes\"; must be true or false","type":"invalid_request_error","code":"invalid_parameter"}}`)
	if w := call(api, "DELETE", "/v1/models/a"); w.Code != 405 {
		t.Errorf("DELETE answers %d", w.Code)
	}
}
