package cli_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
)

func TestBenchHasEachNumberInItsColumn(t *testing.T) {
	t.Parallel()
	const want = `WHAT  P50 US  P99 US  MAX US  PER SECOND  X PING
kind  1.500   22      333     4444        5.55
`
	if got := cli.BenchText("kind", 1.5, 22, 333, 4444, 5.55); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
