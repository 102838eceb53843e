package cli_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWhatIsAskedAfterAWriteShowsIt: the question names the position of the write, so that the daemon, or another behind
// the same address, waits for it.
func TestWhatIsAskedAfterAWriteShowsIt(t *testing.T) {
	t.Parallel()
	const position = "epoch:7:1795806101113-nonce"
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			asked <- r.Header.Get("X-Rollcall-After")
		}
		w.Header().Set("X-Rollcall-Position", position)
		_, _ = w.Write([]byte(`{"state":"suspended"}`))
	}))
	t.Cleanup(server.Close)
	if code, _, stderr := run(t, "suspend", "c", "m", "--reason", "r", "--server", server.URL); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if after := <-asked; after != position {
		t.Errorf("asked for what holds after %q", after)
	}
}
