package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatIsLiftedAndWhatStays: a mark on the client as a whole keeps a model out whose own is lifted, and the other way
// round.
func TestWhatIsLiftedAndWhatStays(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"redis", "http"} { // one after the other, as in TestVerbsSayTheSameBothWays
		t.Run(way, func(t *testing.T) {
			w := newWorld(t)
			env := w.redis
			if way == "http" {
				env = w.http
			}
			for _, model := range []string{"*", "claude-haiku-4-5", "claude-sonnet-4-5"} {
				succeeds(t, env, "suspend", "key-1", model, "--reason", "r")
				succeeds(t, env, "quota", "set", "key-1", model, "--retry-after", "90m")
			}
			var all []string
			for _, verb := range []string{"resume", "quota clear"} {
				for _, model := range []string{"claude-haiku-4-5", "*", "*"} {
					all = append(all, everyForm(t, env, append(strings.Fields(verb), "key-1", model)...))
				}
			}
			succeeds(t, env, "resume", "key-1", "claude-sonnet-4-5")
			all = append(all, sayIn(t, env, "quota", "clear", "key-1", "claude-sonnet-4-5"))
			holdGolden(t, filepath.Join("both_ways", "lift"), strings.Join(all, "\n"))
		})
	}
}
