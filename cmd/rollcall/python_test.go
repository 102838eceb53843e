package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestAProxyInPython runs docs/examples/proxy.py against a daemon with tokens.
func TestAProxyInPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("ROLLCALL_REQUIRE_REDIS") == "1" {
			t.Fatal("python3 was not found (ROLLCALL_REQUIRE_REDIS=1 forbids skipping)")
		}
		t.Skip("python3 was not found (ROLLCALL_REQUIRE_REDIS=1 makes this a failure)")
	}
	d := serve(t, []string{"ROLLCALL_TOKENS=proxy:write:0123456789abcdef"})
	script := exec.CommandContext(t.Context(), python, "../../docs/examples/proxy.py")
	script.Env = append(os.Environ(), "ROLLCALL_URL="+d.base, "ROLLCALL_TOKEN=0123456789abcdef")
	out, err := script.CombinedOutput()
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
	if err != nil || string(out) != want {
		t.Errorf("%v\n got %s\nwant %s", err, out, want)
	}
	if log := d.output.String(); strings.Contains(log, "0123456789abcdef") {
		t.Errorf("the log has the token:\n%s", log)
	}
}
