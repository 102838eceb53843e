package main_test

import (
	"syscall"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestHistorySaysWhoAndSinceWhen: persons by name, nothing that is older than asked for, and what the feed has lost.
func TestHistorySaysWhoAndSinceWhen(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t)
	url := server.URL()
	daemon := serve(t, []string{"REDIS_URL=" + url, "ROLLCALL_REPLICA_ID=proxy-1"})
	succeeds(t, []string{"ROLLCALL_SERVER=" + daemon.base}, "client", "register", "key-1", "--provider", "p", "--models", "m")
	env := []string{"REDIS_URL=" + url, "USER=ops"}
	succeeds(t, env, "suspend", "key-1", "m", "--reason", "broken", "--actor", "jane")
	succeeds(t, env, "resume", "key-1", "m")
	for _, form := range []string{"table", "json", "yaml"} {
		holdGolden(t, "history_actor_"+form, sayIn(t, env, "history", "key-1", "m", "-o", form))
	}
	golden(t, "history_since", url, "history", "--since", "1ns")

	daemon.signal(syscall.SIGKILL) // one that lives takes a feed that was cut for damage, and mends it
	<-daemon.exited
	admin := server.Admin(t)
	must(t, admin.XTrimMaxLen(t.Context(), "rollcall:{default}:feed", 1).Err())
	for _, form := range []string{"table", "json", "yaml"} {
		holdGolden(t, "history_trimmed_"+form, sayIn(t, env, "history", "-o", form))
	}
}

// TestControlCharactersDoNotReachTheTerminal: reasons come from elsewhere.
func TestControlCharactersDoNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	succeeds(t, w.redis, "suspend", "key-1", "claude-haiku-4-5", "--reason", "red \x1b[31m\nnext\u009bline")
	holdGolden(t, "control", sayIn(t, w.redis, "explain", "key-1", "claude-haiku-4-5"))
}
