package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// standing is a registry whose generation does not change.
type standing struct {
	Registry

	models []*registry.ModelInfo
}

func (s *standing) GetGeneration() uint64                         { return 1 }
func (s *standing) GetAvailableModelInfos() []*registry.ModelInfo { return s.models }

// TestListsFollowDeadlinesThatPassed: a list may change a moment before its generation does, and must not stay as it was.
func TestListsFollowDeadlinesThatPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &standing{models: []*registry.ModelInfo{{ID: "cools"}}}
		l := lists{registry: r}
		first := l.now()
		r.models = nil
		if l.now() != first {
			t.Error("the lists were made twice at once")
		}
		time.Sleep(2 * time.Second) // of the bubble
		if got := l.now().models; len(got) > 0 {
			t.Errorf("2 s later %q is listed still", got[0].ID)
		}
	})
}

// TestWhatIsKeptOfListsHasAnEnd: who asks for ever other pages does not fill the memory.
func TestWhatIsKeptOfListsHasAnEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ asked, bytes, most int }{
		"many":  {1000, 1, 256},
		"large": {20, 1 << 20, 7}, // of 8 MiB, with keys and quotes
	} {
		g := &generation{variants: map[string]*answer{}}
		for i := range c.asked {
			body := strings.Repeat("x", c.bytes)
			if got := g.variant(fmt.Sprint(i), func() any { return body }); len(got.body) != c.bytes+len("\"\"\n") {
				t.Errorf("%s: answer %d has %d bytes", name, i, len(got.body))
			}
		}
		if got := len(g.variants); got != c.most {
			t.Errorf("%s: %d answers are kept, want %d", name, got, c.most)
		}
	}
}
