package cli_test

import (
	"net/http"
	"testing"
)

// TestWhatIsAskedAfterAWriteShowsIt: the question names the position of the write, so that the daemon, or another behind
// the same address, waits for it.
func TestWhatIsAskedAfterAWriteShowsIt(t *testing.T) {
	t.Parallel()
	const position = "epoch:7:1795806101113-nonce"
	var after []string
	withDaemon(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			after = append(after, r.Header.Get("X-Rollcall-After"))
		}
		w.Header().Set("X-Rollcall-Position", position)
		_, _ = w.Write([]byte(`{"state":"suspended"}`))
	}, func(t *testing.T, base string) {
		if code, _, stderr := run(t, "suspend", "c", "m", "--reason", "r", "--server", base); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		if len(after) != 1 || after[0] != position {
			t.Errorf("asked for what holds after %q", after)
		}
	})
}
