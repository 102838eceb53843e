package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

const proxyToken = "0123456789abcdef"

// python runs Python in docs/examples with a daemon to ask, and returns what it wrote and how it ended.
func python(t *testing.T, base, token string, args ...string) (out string, code int) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("ROLLCALL_REQUIRE_REDIS") == "1" {
			t.Fatal("python3 was not found (ROLLCALL_REQUIRE_REDIS=1 forbids skipping)")
		}
		t.Skip("python3 was not found (ROLLCALL_REQUIRE_REDIS=1 makes this a failure)")
	}
	script := exec.CommandContext(t.Context(), path, append([]string{"-B"}, args...)...) // without __pycache__
	script.Dir = "../../docs/examples"
	script.Env = append(os.Environ(), "ROLLCALL_URL="+base, "ROLLCALL_TOKEN="+token)
	written, err := script.CombinedOutput()
	if script.ProcessState == nil {
		t.Fatal(err)
	}
	return string(written), script.ProcessState.ExitCode()
}

// TestAProxyInPython runs docs/examples/proxy.py against a daemon with tokens, also while Redis is away.
func TestAProxyInPython(t *testing.T) {
	t.Parallel()
	redis := redistest.Redis(t)
	d := serve(t, []string{"ROLLCALL_TOKENS=proxy:write:" + proxyToken}, "--redis-url", redis.URL(), outageAfter)
	out, code := python(t, d.base, proxyToken, "proxy.py")
	const want = `registered: 200 {'client': 'python/key-1', 'ttl': '1m0s'}
renewed: 200 {'client': 'python/key-1', 'ttl': '1m0s'}
listed: ['example-small', 'example/large:free']
picked: 200 {'client': 'python/key-1'}
handed over: 200 retry_after cooling
picked: 429 model_cooldown
available: ['example-small']
after a late success: cooling
after a success: available
deleted: 204
listed: []
`
	if code != 0 || out != want {
		t.Errorf("exit code %d\n got %s\nwant %s", code, out, want)
	}
	redis.Kill(t)
	d.eventually(d.readiness, `200 {"status":"ok","redis":"down"`)
	away := strings.NewReplacer("registered: 200", "registered: waits", "over: 200", "over: waits",
		"a success: available", "a success: cooling", "deleted: 204", "deleted: waits").Replace(want)
	if out, code := python(t, d.base, proxyToken, "proxy.py"); code != 0 || out != away {
		t.Errorf("while Redis is away: exit code %d\n got %s\nwant %s", code, out, away)
	}
	if log := d.output.String(); strings.Contains(log, proxyToken) {
		t.Errorf("the log has the token:\n%s", log)
	}
}

func TestAProxyInPythonSaysWhyItEnds(t *testing.T) {
	t.Parallel()
	d := serve(t, []string{"ROLLCALL_TOKENS=proxy:write:" + proxyToken})
	ends := func(when, want string) {
		t.Helper()
		out, code := python(t, d.base, proxyToken[1:], "proxy.py")
		if code != 1 || !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: exit code %d: %s", when, code, out)
		}
	}
	ends("with a wrong token", "PUT /api/v1/clients/python%2Fkey-1 was answered with 401: ")
	must(t, d.cmd.Process.Kill())
	<-d.exited
	ends("without a daemon", d.base+" does not answer: ")
}

// TestTheExampleInPythonAsksAgain where the history of what it wrote is lost, and where a daemon that is cut off does not
// know its client. In the place of the pause another proxy registers it there.
func TestTheExampleInPythonAsksAgain(t *testing.T) {
	t.Parallel()
	redis := redistest.Redis(t)
	d := serve(t, nil, "--redis-url", redis.URL(), outageAfter)
	out, code := python(t, d.base, "", "-c", `import os, proxy
r = proxy.Rollcall(os.environ["ROLLCALL_URL"])
r.position = "lost:1:n"
print(*r.call("GET", "/v1/models"), r.position not in ("", "lost:1:n"))`)
	if want := "200 {'object': 'list', 'data': []} True\n"; code != 0 || out != want {
		t.Errorf("after a loss: exit code %d, got %swant %s", code, out, want)
	}
	redis.Kill(t)
	d.eventually(d.readiness, `200 {"status":"ok","redis":"down"`)
	out, code = python(t, d.base, "", "-c", `import os, proxy
r = proxy.Rollcall(os.environ["ROLLCALL_URL"])
pauses = []
def pause(_):
    pauses.append(1)
    if len(pauses) == 2:
        r.call("PUT", "/api/v1/clients/c", {"provider": "p", "models": ["m"]})
proxy.time.sleep = pause
print(*r.call("POST", "/api/v1/models/m/pick"), len(pauses))
r.call("POST", "/api/v1/models/none/pick")`)
	if code != 1 || !strings.HasPrefix(out, "200 {'client': 'c'} 2\n") || !strings.Contains(out, "was answered with 503: ") || !strings.Contains(out, "view_stale") {
		t.Errorf("cut off: exit code %d, got %s", code, out)
	}
}

func TestTheExampleInPythonEscapesIDs(t *testing.T) {
	t.Parallel()
	out, _ := python(t, "", "", "-c", "import proxy; print(*map(proxy.escaped, ['.', '..', '...', 'a..b', 'a/b c']))")
	if want := "%2E %2E%2E ... a..b a%2Fb%20c\n"; out != want {
		t.Errorf("got %swant %s", out, want)
	}
}
