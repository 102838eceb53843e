package scripts

import (
	"os"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }
