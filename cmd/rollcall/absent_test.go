package main_test

import (
	"regexp"
	"strings"
	"syscall"
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

// TestWhereNobodyLives: clients that a killed daemon held stand there until another one gives them up, which is said, once.
func TestWhereNobodyLives(t *testing.T) {
	t.Parallel()
	server, namespace := redistest.Shared(t), redistest.Namespace(t)
	env := []string{"REDIS_URL=" + server.URL(), "ROLLCALL_NAMESPACE=" + namespace, "ROLLCALL_REPLICA_ID=one"}
	daemon := serve(t, env, "--lease-ttl", "1h")
	succeeds(t, []string{"ROLLCALL_SERVER=" + daemon.base}, "client", "register", "key-1", "--provider", "p", "--models", "m")
	if text := said(t, env, "models"); strings.Contains(text, "no replica lives") {
		t.Error(text)
	}
	daemon.signal(syscall.SIGKILL)
	<-daemon.exited
	endLease(t, server, namespace, "one")
	warning := regexp.MustCompile(`level=warning msg="no replica lives: what stands here was held by replicas that ended, the last at TIME; start a daemon`)
	for _, verb := range []string{"models", "model show m", "clients", "client show key-1", "explain key-1 m", "export"} {
		text := said(t, env, strings.Fields(verb)...)
		if len(warning.FindAllString(text, -1)) != 1 || !strings.HasSuffix(text, "exit code: 0\n") {
			t.Errorf("not warned once:\n%s", text)
		}
	}
	serve(t, env, "--replica-id", "two", "--lease-ttl", "1s")
	daemon.eventually(func() string { return said(t, env, "models") }, "No client supplies a model.\nexit code: 0")
}
