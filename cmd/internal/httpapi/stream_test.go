package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-dev/rollcall/registry"
)

// writes notes how much each write of an answer had.
type writes struct {
	*httptest.ResponseRecorder

	sizes []int
}

func (w *writes) Write(b []byte) (int, error) {
	w.sizes = append(w.sizes, len(b))
	return w.ResponseRecorder.Write(b)
}

// TestABurstIsWrittenInParts tells much at once: a receiver has its patience for each part, and the memory has an end.
func TestABurstIsWrittenInParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, size = 2000, 1 << 10
		events := make(chan registry.Event)
		go func() {
			for range count {
				events <- registry.Event{Kind: registry.EventClient, ClientID: strings.Repeat("c", size)}
			}
			close(events)
		}()
		w := &writes{httptest.NewRecorder(), nil}
		newStream(w).run(events, nil)
		for i, n := range w.sizes {
			if n > maxEventBatch+2*size {
				t.Errorf("write %d has %d bytes", i, n)
			}
		}
		if got := strings.Count(w.Body.String(), "event: client\n"); got != count {
			t.Errorf("%d events came, want %d", got, count)
		}
	})
}
