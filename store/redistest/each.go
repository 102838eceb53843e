package redistest

import (
	"crypto/rand"
	"strings"
	"testing"
)

// Each runs f as two parallel subtests, each with a server of its own whose clock can be moved: "miniredis" on a
// Miniredis, "redis" on a Redis with MovableClock.
func Each(t *testing.T, f func(t *testing.T, s *Server)) {
	t.Helper()
	each(t, f, func(tb testing.TB) *Server { return Redis(tb, Options{MovableClock: true}) })
}

// EachShared runs f as two parallel subtests: "miniredis" on a Miniredis of its own, "redis" on the Shared server. It
// is for tests that stay inside their Namespace and do not move the clock; it starts no process a test.
func EachShared(t *testing.T, f func(t *testing.T, s *Server)) {
	t.Helper()
	each(t, f, Shared)
}

func each(t *testing.T, f func(*testing.T, *Server), process func(testing.TB) *Server) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		f(t, Miniredis(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		f(t, process(t))
	})
}

// Namespace is a name nobody else uses: the test's name and a random end, of letters, digits, '.', '_' and '-', at most
// 80 bytes.
func Namespace(tb testing.TB) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, tb.Name())
	return plain[:min(len(plain), 67)] + "-" + strings.ToLower(rand.Text()[:12])
}
