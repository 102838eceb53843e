package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBadInputIsNamedAndChangesNothing(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	before := r.Position()
	const client, pair = "/api/v1/clients/key-1", "/api/v1/clients/key-1/models/m"
	type bad struct{ method, target, body, message string }
	for _, c := range []bad{
		{"PUT", client, ``, `the body is empty; it must be a JSON object`},
		{"PUT", client, `null`, `the body is null; it must be a JSON object`},
		{"PUT", client, `[]`, `the body is a list; must be a mapping of names to values`},
		{"PUT", client, `{"provider":`, `the body is not valid JSON: unexpected EOF`},
		{"PUT", client, `{} {}`, `the body has something behind its JSON object`},
		{"PUT", client, `{"providr":"p"}`, `providr: unknown key; the nearest known one is \"provider\"`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":"60s","ttl":""}`, `ttl: is there twice`},
		{"PUT", client, `{"provider":"p","models":[{"id":"m","thinking":{"max":1,"max":2}}]}`, `models[0].thinking.max: is there twice`},
		{"PUT", client, "{\"provider\":\"p\xff\",\"models\":[\"m\"]}", `provider: is not valid UTF-8`},
		{"PUT", client, `{"provider":"p","models":["m\ud800"]}`, `models[0]: has half of a surrogate pair, \\ud800`},
		{"PUT", client, `{"provider":4}`, `provider: is an integer; must be a string (quote it)`},
		{"PUT", client, `{"models":["m"]}`, `provider is missing`},
		{"PUT", client, `{"provider":"p"}`, `models is missing; to end a client, DELETE it`},
		{"PUT", client, `{"provider":"p","models":["m",{"idd":"n"}]}`, `models[1].idd: unknown key; the nearest known one is \"id\"`},
		{"PUT", client, `{"provider":"p","models":["m",{"id":"n","created":"x"}]}`, `models[1].created: is a string; must be an integer of at most 64 bits`},
		{"PUT", client, `{"provider":"p","models":[{"id":"m","created":253402300800}]}`, `models[0].created is 253402300800; must be Unix seconds from 0 to 253402300799, the end of the year 9999`},
		{"PUT", client, `{"provider":"p","models":[{"id":"m","thinking":{"min":-1}}]}`, `models[0].thinking.min is -1; must not be negative`},
		{"PUT", client, `{"provider":"p","models":["m","n","m"]}`, `models[2].id is \"m\", as models[0].id is; each model is named once`},
		{"PUT", client, `{"provider":"p","models":["*"]}`, `models[0].id is \"*\", which stands for all models of a client; a model needs a name of its own`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":60}`, `ttl: is an integer; must be a string (quote it)`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":"60"}`, `ttl is \"60\"; must be a duration from 1s to 24h0m0s such as \"60s\"`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":"999ms"}`, `ttl is \"999ms\"; must be a duration from 1s to 24h0m0s such as \"60s\"`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":""}`, `ttl: is empty; must have a value, or be left out`},
		{"PUT", client, `{"provider":"p","models":["m"],"ttl":null}`, `ttl: is empty; must have a value, or be left out`},
		{"POST", client + "/heartbeat", `{"ttl":""}`, `ttl: is empty; must have a value, or be left out`},
		{"PUT", "/api/v1/clients/a%00", `{"provider":"p","models":["m"]}`, `the client ID in the path is \"a\\x00\"; control characters are not allowed`},
		{"PUT", "/api/v1/clients/%ff", `{"provider":"p","models":["m"]}`, `the client ID in the path is not valid UTF-8`},
		{"PUT", "/api/v1/clients/" + strings.Repeat("a", 513), `{"provider":"p","models":["m"]}`, `the client ID in the path has 513 bytes; at most 512 are allowed`},
		{"POST", client + "/heartbeat", `{"ttl":"-1s"}`, `ttl is \"-1s\"; must be a duration from 1s to 24h0m0s such as \"60s\"`},
		{"PUT", pair + "/quota", `{"until":"tomorrow"}`, `until is \"tomorrow\"; must be a moment such as 2026-01-31T12:00:00Z`},
		{"PUT", pair + "/quota", `{"retry_after":"soon"}`, `retry_after is \"soon\"; must be a duration above 0 such as \"90s\" or \"1h30m\"`},
		{"PUT", pair + "/quota", `{"retry_after":-5}`, `retry_after is \"-5s\"; must be a duration above 0 such as \"90s\" or \"1h30m\"`},
		{"PUT", pair + "/quota", `{"retry_after":-1e99}`, `retry_after is \"-9223372036854776000s\"; must be a duration above 0 such as \"90s\" or \"1h30m\"`},
		{"PUT", pair + "/quota", `{"retry_after":"99999999h5"}`, `retry_after is \"99999999h5\"; must be a duration above 0 such as \"90s\" or \"1h30m\"`},
		{"PUT", pair + "/quota", `{"retry_after":[5]}`, `retry_after: is a list; must be a string (quote it)`},
		{"PUT", pair + "/quota", `{"retry_after":5,"until":"9000-01-01T00:00:00Z"}`, `until and retry_after exclude each other`},
		{"PUT", pair + "/quota", `{"source":"guess"}`, `source is \"guess\", allowed are \"heuristic\", \"retry_after\", \"provider_reset\" and \"operator\"`},
		{"PUT", pair + "/quota", `{"source":"provider_reset"}`, `source is \"provider_reset\", but the provider named no moment and no wait; without either it must be \"heuristic\" or \"operator\"`},
		{"PUT", pair + "/quota", `{"seen":"yesterday"}`, `seen is \"yesterday\"; must be a position as X-Rollcall-Position gave it, epoch:revision:nonce`},
		{"PUT", pair + "/quota", `{"reason":"` + strings.Repeat("r", 1025) + `"}`, `reason has 1025 bytes, at most 1024 are allowed`},
		{"DELETE", pair + "/quota?seen=x", ``, `seen is \"x\"; must be a position as X-Rollcall-Position gave it, epoch:revision:nonce`},
		{"DELETE", pair + "/quota?seen=", ``, `seen is empty; leave it out to end whatever mark is there, as a person`},
		{"DELETE", pair + "/suspension?seen", ``, `seen is empty; leave it out to end whatever mark is there, as a person`},
		{"DELETE", pair + "/quota?sen=x", ``, `\"sen\" is no parameter here`},
		{"DELETE", pair + "/suspension?seen=%zz", ``, `the query cannot be read: invalid URL escape \"%zz\"`},
		{"PUT", pair + "/suspension", `{"untill":"x"}`, `untill: unknown key; the nearest known one is \"until\"`},
		{"GET", "/api/v1/models/m/pick?local=yes", ``, `local is \"yes\"; must be true or false`},
		{"GET", "/api/v1/models/m/pick?providers=p", ``, `\"providers\" is no parameter here`},
		{"POST", "/api/v1/429", `{"client":"key-1"}`, `model is missing`},
		{"POST", "/api/v1/429", `{"client":"key-1","model":"m"}`, `status must be the HTTP status of the provider's answer, from 100 to 599`},
		{"POST", "/api/v1/429", `{"client":"key-1","model":"m","status":"429"}`, `status: is a string; must be an integer of at most 64 bits`},
		{"POST", "/api/v1/429", `{"client":"key-1","model":"m","status":429,"headers":{"a":["b"]}}`, `headers.a: is a list; must be a string (quote it)`},
	} {
		t.Run(fmt.Sprintf("%.60s %.40s", c.target, c.body), func(t *testing.T) {
			expect(t, send(api, c.method, c.target, c.body), 400,
				`{"error":{"message":"`+c.message+`","type":"invalid_request_error","code":"invalid_parameter"}}`)
		})
	}
	past := expectStatus(t, send(api, "PUT", pair+"/quota", `{"until":"2001-01-01T00:00:00Z"}`), 400)
	if !strings.Contains(past, "until is 2001-01-01T00:00:00Z, must be later than now") {
		t.Errorf("a deadline that is over: %s", past)
	}
	if r.Position() != before {
		t.Errorf("position %s, was %s", r.Position(), before)
	}
}

func TestABodyHasAnEnd(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	expect(t, send(api, "PUT", "/api/v1/clients/a", `{"provider":"`+strings.Repeat("p", 4<<20)+`"}`), 413,
		`{"error":{"message":"the body has more than 4194304 bytes","type":"invalid_request_error","code":"request_too_large"}}`)
}

func TestABodyIsJSONAsItComes(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	before := r.Position()
	const body = `{"provider":"p","models":["m"]}`
	for _, c := range []struct{ name, value, message string }{
		{"Content-Encoding", "gzip", `Content-Encoding is \"gzip\"; the body must come as it is, without one`},
		{"Content-Encoding", "identity, br", `Content-Encoding is \"identity, br\"; the body must come as it is, without one`},
		{"Content-Type", "application/json; charset=ISO-8859-1", `the charset of Content-Type is \"ISO-8859-1\"; the body must be JSON in utf-8`},
	} {
		expect(t, send(api, "PUT", "/api/v1/clients/a", body, c.name, c.value), 415,
			`{"error":{"message":"`+c.message+`","type":"invalid_request_error","code":"unsupported_media_type"}}`)
	}
	if r.Position() != before {
		t.Errorf("position %s, was %s", r.Position(), before)
	}
	for _, kind := range []string{"application/json; charset=UTF-8", "application/x-www-form-urlencoded", "what is this;;"} {
		expectStatus(t, send(api, "PUT", "/api/v1/clients/a", body, "Content-Type", kind, "Content-Encoding", "Identity"), 200)
	}
}

func TestALongRetryAfterIsCappedAsAFarMomentIs(t *testing.T) {
	t.Parallel()
	api, r := newAPI(t, named("m")...)
	const quota = "/api/v1/clients/key-1/models/m/quota"
	for _, far := range []string{
		`{"until":"9000-01-01T00:00:00Z"}`, `{"retry_after":99999999999}`, `{"retry_after":"99999999h"}`, `{"retry_after":1e999}`,
		`{"retry_after":"+.5h99999999999999999999999s"}`,
	} {
		expectStatus(t, send(api, "DELETE", quota, ""), 204)
		expectStatus(t, send(api, "PUT", quota, far), 200)
		status := r.ClientModelStatus("key-1", "m")
		if length := status.Until.Sub(status.Since); length != 8*24*time.Hour {
			t.Errorf("%s lasts %v", far, length)
		}
	}
	expectStatus(t, send(api, "DELETE", quota, ""), 204)
	expectStatus(t, send(api, "PUT", quota, `{"retry_after":1.2e3}`), 200)
	if status := r.ClientModelStatus("key-1", "m"); status.Until.Sub(status.Since) != 20*time.Minute {
		t.Errorf("1.2e3 s last %v", status.Until.Sub(status.Since))
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	w := call(api, "PATCH", "/api/v1/clients/key-1")
	expect(t, w, 405, `{"error":{"message":"method PATCH is not allowed here; use GET or PUT or DELETE","type":"invalid_request_error","code":"method_not_allowed"}}`)
	if got := w.Header().Get("Allow"); got != "GET, HEAD, PUT, DELETE" {
		t.Errorf("Allow: %s", got)
	}
	expectStatus(t, call(api, "GET", "/api/v1/nothing"), 404)
	expectStatus(t, call(api, "GET", "/api/v1/clients/a/b"), 404) // a slash that is not escaped
}

func TestAnEscapeThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	must(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, "GET /api/v1/clients/%zz HTTP/1.1\r\nHost: h\r\n\r\n")
	must(t, err)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != 400 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestARequestHasAName(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("m")...)
	if got := call(api, "GET", "/v1/models", "X-Request-Id", "req-1").Header().Get("X-Request-Id"); got != "req-1" {
		t.Errorf("the caller's name came back as %q", got)
	}
	for _, odd := range []string{"", "a b", "a\x7f", strings.Repeat("a", 129)} {
		if got := call(api, "GET", "/healthz", "X-Request-Id", odd).Header().Get("X-Request-Id"); got == odd || len(got) < 20 {
			t.Errorf("%q came back as %q", odd, got)
		}
	}
}
