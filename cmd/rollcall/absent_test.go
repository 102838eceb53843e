package main_test

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestANamespaceThatIsNotThere: whoever mistypes a name is told so, and not that Redis is away or that there is nothing.
func TestANamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	env := []string{"REDIS_URL=" + redistest.Shared(t).URL()}
	ns := redistest.Namespace(t)
	for _, c := range []struct {
		verb string
		code string
	}{
		{"models", "0"}, {"clients", "0"}, {"replicas", "0"}, {"export", "0"}, {"history", "0"}, {"client show c", "1"},
		{"quota set s1 m1", "1"}, {"quota clear s1 m1", "1"}, {"suspend s1 m1 --reason r", "1"}, {"client evict s1", "1"},
	} {
		text := said(t, env, append(strings.Fields(c.verb), "--namespace", ns)...)
		plain := strings.ReplaceAll(text, `\"`, `"`) // as a log has it
		if !strings.Contains(plain, `there is no namespace "`+ns+`"; see rollcall namespace list`) ||
			!strings.HasSuffix(text, "exit code: "+c.code+"\n") {
			t.Errorf("want exit code %s and that there is no such namespace:\n%s", c.code, text)
		}
	}
}
