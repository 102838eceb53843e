package store

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestOutOfMemory takes the server's memory away: a verb is carried out whole, if it makes room, or not at all.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{MovableClock: true})
	makesRoom := map[string]bool{"begin": true, "head": true, "sweep": true}
	for _, verb := range everyVerb(t) {
		t.Run(verb, func(t *testing.T) {
			s := busy(t, server)
			c, before := s.callOf(verb), s.seen.lines
			s.must(s.client.ConfigSet(s.ctx, "maxmemory", "1").Err())
			_, err := s.attempt(c, s.until(time.Minute))
			if after := s.read(); makesRoom[verb] {
				s.must(err)
			} else if err == nil || !strings.Contains(err.Error(), "OOM") {
				t.Errorf("failed with %v; want Redis' words OOM", err)
			} else if !maps.Equal(after.lines, before) {
				t.Error("something was changed")
			}
			s.must(s.client.ConfigSet(s.ctx, "maxmemory", "0").Err())
			if makesRoom[verb] {
				return
			}
			_, err = s.attempt(c, s.until(time.Minute))
			s.must(err)
			if s.look(); maps.Equal(s.seen.lines, before) {
				t.Error("nothing was changed")
			}
		})
	}
}
