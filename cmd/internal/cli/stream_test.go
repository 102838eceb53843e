package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
)

// The events of a stream, as a daemon writes them.
const (
	oldClient = "event: client\ndata: {\"kind\":\"client\",\"client\":\"old\",\"provider\":\"p\",\"models\":[{\"id\":\"m\"}]}\n\n"
	newClient = "event: client\ndata: {\"kind\":\"client\",\"client\":\"new\",\"provider\":\"p\",\"models\":[{\"id\":\"m\"}]}\n\n"
	synced    = "event: synced\ndata: {\"kind\":\"synced\"}\n\n"
)

// withStreams runs a test in a bubble with a daemon whose streams say one of the texts each, in turn, and end there; what
// begins with a status is refused with it, and the last goes on. It counts the requests.
func withStreams(t *testing.T, texts []string, test func(t *testing.T, base string, asked *atomic.Int32)) {
	t.Helper()
	var asked atomic.Int32
	withDaemon(t, func(w http.ResponseWriter, _ *http.Request) {
		text := texts[min(int(asked.Add(1)), len(texts))-1]
		var status int
		if _, err := fmt.Sscanf(text, "%d", &status); err == nil {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"message":%q}}`, text)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte(text)) // who asked may be gone
	}, func(t *testing.T, base string) { test(t, base, &asked) })
}

// TestAStreamThatIsRefusedEndsTheVerb: what trying again cannot mend is told; what passes is tried again.
func TestAStreamThatIsRefusedEndsTheVerb(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb, refusal, want string
	}{
		{"watch", "401 no such token", "401 no such token\nTry: give --token-file"},
		{"watch", "404 no such path", "404 no such path\nTry: see that --server"},
		{"watch", "302 somewhere else", "302 somewhere else"},
		{"watch", "data: nonsense\n\n", "an event cannot be read"},
		{"export", "403 may not read", "403 may not read\nTry: give --token-file"},
	} {
		t.Run(c.verb+" "+c.refusal[:3], func(t *testing.T) {
			t.Parallel()
			withStreams(t, []string{oldClient, "503 busy", c.refusal}, func(t *testing.T, base string, asked *atomic.Int32) {
				code, _, stderr := run(t, c.verb, "--server", base)
				if code != 1 || !strings.Contains(stderr, "rollcall: daemon at "+base) || !strings.Contains(stderr, c.want) || asked.Load() != 3 {
					t.Errorf("asked %d times, then exit code %d: %s", asked.Load(), code, stderr)
				}
				if n := strings.Count(stderr, "level=warning"); n != 1 {
					t.Errorf("warned %d times: %s", n, stderr)
				}
			})
		})
	}
}

// TestWatchTellsWhatWasThereAlreadyAgain: what a stream begins with has no time, also where it is not the first.
func TestWatchTellsWhatWasThereAlreadyAgain(t *testing.T) {
	t.Parallel()
	texts := []string{oldClient + synced, oldClient + synced, "401 no such token"}
	withStreams(t, texts, func(t *testing.T, base string, _ *atomic.Int32) {
		_, stdout, _ := run(t, "watch", "--server", base)
		if n := strings.Count(stdout, "there already"); n != 2 {
			t.Errorf("told %d times that it was there already:\n%s", n, stdout)
		}
	})
}

// TestAGatewayWithoutItsDaemon answers in the place of a daemon that is away, which passes.
func TestAGatewayWithoutItsDaemon(t *testing.T) {
	t.Parallel()
	withDaemon(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no upstream", http.StatusBadGateway)
	}, func(t *testing.T, base string) {
		for verb, unknown := range map[string]bool{"models": false, "suspend c m --reason r": true} {
			code, _, stderr := run(t, append(strings.Fields(verb), "--server", base)...)
			if code != 3 || !strings.Contains(stderr, "it answers 502 Bad Gateway") || strings.Contains(stderr, "it does not answer") ||
				!strings.Contains(stderr, "\nTry: ") || strings.Contains(stderr, "is not known\nTry: look with rollcall explain") != unknown {
				t.Errorf("%s: exit code %d: %s", verb, code, stderr)
			}
		}
	})
}

// TestADaemonThatHangs: a stream must begin as soon as another answer must come, and a write may be carried out later.
func TestADaemonThatHangs(t *testing.T) {
	t.Parallel()
	withDaemon(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that who asked is gone
		<-r.Context().Done()
	}, func(t *testing.T, base string) {
		for verb, unknown := range map[string]bool{"watch": false, "suspend c m --reason r": true} {
			began := time.Now() // of the bubble
			code, _, stderr := run(t, append(strings.Fields(verb), "--server", base)...)
			if code != 3 || !strings.Contains(stderr, "it does not answer") ||
				strings.Contains(stderr, "is not known\nTry: look with rollcall explain") != unknown {
				t.Errorf("%s: exit code %d: %s", verb, code, stderr)
			}
			if took := time.Since(began); took != cli.RequestLimit {
				t.Errorf("%s: it took %v", verb, took)
			}
		}
	})
}

// TestAStreamSaysThatItsViewIsOld, as other answers do.
func TestAStreamSaysThatItsViewIsOld(t *testing.T) {
	t.Parallel()
	withDaemon(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Rollcall-View-Age", "5")
		_, _ = w.Write([]byte(oldClient + synced))
	}, func(t *testing.T, base string) {
		if code, _, stderr := run(t, "export", "--server", base); code != 0 || !strings.Contains(stderr, "what it shows may be old") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
}

// TestExportBeginsAnewWithTheStream: what a stream told that broke off may not hold any more.
func TestExportBeginsAnewWithTheStream(t *testing.T) {
	t.Parallel()
	texts := []string{oldClient + synced[:len(synced)-1], "503 busy", newClient + synced}
	withStreams(t, texts, func(t *testing.T, base string, _ *atomic.Int32) {
		code, stdout, stderr := run(t, "export", "--server", base)
		if code != 0 || strings.Contains(stdout, `"old"`) || !strings.Contains(stdout, `"new"`) {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
	})
}

// TestExportGivesUp where the stream does not come back.
func TestExportGivesUp(t *testing.T) {
	t.Parallel()
	for last, want := range map[string]int{"503 busy": 3, oldClient: 1} {
		t.Run(last[:3], func(t *testing.T) {
			t.Parallel()
			withStreams(t, []string{oldClient, last}, func(t *testing.T, base string, asked *atomic.Int32) {
				code, stdout, stderr := run(t, "export", "--server", base)
				if code != want || stdout != "" || !strings.Contains(stderr, "\nTry: ") || asked.Load() != 5 {
					t.Errorf("asked %d times, exit code %d, want %d: %s%s", asked.Load(), code, want, stdout, stderr)
				}
			})
		})
	}
}

// TestASilentStreamIsTakenUpAgain, and one that says something now and then is not.
func TestASilentStreamIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	var asked []time.Time
	withDaemon(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, time.Now())
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		_ = out.Flush()
		if len(asked) == 1 { // silent
			<-r.Context().Done()
			return
		}
		for range 3 {
			time.Sleep(cli.SilenceLimit - time.Millisecond) // of the bubble
			_, _ = w.Write([]byte(": \n\n"))
			_ = out.Flush()
		}
		_, _ = w.Write([]byte(synced))
	}, func(t *testing.T, base string) {
		code, _, stderr := run(t, "export", "--server", base)
		if code != 0 || len(asked) != 2 || !strings.Contains(stderr, "the daemon is silent") {
			t.Fatalf("asked %d times, then exit code %d: %s", len(asked), code, stderr)
		}
		if after := asked[1].Sub(asked[0]); after < cli.SilenceLimit || after > cli.SilenceLimit+time.Second {
			t.Errorf("it was taken up again after %v", after)
		}
	})
}
