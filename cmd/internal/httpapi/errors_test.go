package httpapi_test

import (
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
)

func TestErrorsHaveTheShapeOfTheAPIAsked(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a")...)
	anthropic := []string{"anthropic-version", version}
	for _, c := range []struct {
		method, target string
		headers        []string
		status         int
		body           string
	}{
		{"GET", "/v1/nothing", nil, 404,
			`{"error":{"message":"unknown path /v1/nothing","type":"invalid_request_error","code":"not_found"}}`},
		{"GET", "/v1/nothing", anthropic, 404,
			`{"type":"error","error":{"type":"not_found_error","message":"unknown path /v1/nothing"}}`},
		{"GET", "/v1beta/nothing", nil, 404,
			`{"error":{"code":404,"message":"unknown path /v1beta/nothing","status":"NOT_FOUND"}}`},
		{"GET", "/v1betamax", nil, 404,
			`{"error":{"message":"unknown path /v1betamax","type":"invalid_request_error","code":"not_found"}}`},
		{"POST", "/v1/models", nil, 405,
			`{"error":{"message":"method POST is not allowed here; use GET","type":"invalid_request_error","code":"method_not_allowed"}}`},
		{"DELETE", "/v1/models", anthropic, 405,
			`{"type":"error","error":{"type":"invalid_request_error","message":"method DELETE is not allowed here; use GET"}}`},
		{"PUT", "/v1beta/models", nil, 405,
			`{"error":{"code":405,"message":"method PUT is not allowed here; use GET","status":"UNIMPLEMENTED"}}`},
		{"GET", "/v1/models?limit=0", anthropic, 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"limit is \"0\"; must be a whole number from 1 to 1000"}}`},
		{"GET", "/v1/models?limit=1001", anthropic, 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"limit is \"1001\"; must be a whole number from 1 to 1000"}}`},
		{"GET", "/v1/models?limit=x", anthropic, 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"limit is \"x\"; must be a whole number from 1 to 1000"}}`},
		{"GET", "/v1/models?before_id=a&after_id=b", anthropic, 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"before_id and after_id exclude each other"}}`},
		{"GET", "/v1/models?limit=%zz", anthropic, 400,
			`{"type":"error","error":{"type":"invalid_request_error","message":"the query cannot be read: invalid URL escape \"%zz\""}}`},
		{"GET", "/v1beta/models?pageSize=-1", nil, 400,
			`{"error":{"code":400,"message":"pageSize is \"-1\"; must be a whole number from 0 to 2147483647","status":"INVALID_ARGUMENT"}}`},
		{"GET", "/v1beta/models?pageToken=$", nil, 400,
			`{"error":{"code":400,"message":"pageToken is not one that this server gave","status":"INVALID_ARGUMENT"}}`},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			t.Parallel()
			w := call(api, c.method, c.target, c.headers...)
			expect(t, w, c.status, c.body)
			if allow := w.Header().Get("Allow"); (c.status == 405) != (allow == "GET, HEAD") {
				t.Errorf("Allow: %q", allow)
			}
		})
	}
}

func TestRequestsAreLoggedAtDebugLevelWithoutTheirQuery(t *testing.T) {
	t.Parallel()
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	api := httpapi.New(newRegistry(t), nil, log, httpapi.Options{})
	call(api, "GET", "/v1beta/models?key=hush&pageSize=x", "X-Request-Id", "req-1")
	entry := hook.LastEntry()
	if entry == nil || entry.Level != logrus.DebugLevel {
		t.Fatalf("logged %+v", entry)
	}
	if entry.Data["path"] != "/v1beta/models" || entry.Data["status"] != 400 || entry.Data["method"] != "GET" ||
		entry.Data["request_id"] != "req-1" {
		t.Errorf("logged %v", entry.Data)
	}
}
