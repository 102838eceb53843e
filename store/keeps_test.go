package store

import "testing"

// TestKeeps asks whether history has a position in it: those that the feed made, and no others.
func TestKeeps(t *testing.T) {
	onBoth(t, func(s *space) {
		var made []Position
		for _, client := range []string{"c", "d", "e"} {
			made = append(made, s.given(s.a.Register(s.ctx, registration(client, "p", "m"))).Position)
		}
		head := s.head()
		other := func(p Position) Position { p.Nonce = "other"; return p }
		ahead := head
		ahead.Revision++
		for _, c := range []struct {
			name     string
			position Position
			kept     bool
		}{
			{"the head", head, true},
			{"before the head", made[1], true},
			{"the head of a history that was written anew", other(head), false},
			{"before the head, written anew", other(made[1]), false},
			{"ahead of the head", ahead, false},
		} {
			if kept, err := s.a.Keeps(s.ctx, head, c.position); err != nil || kept != c.kept {
				s.t.Errorf("%s: got %v, %v, want %v", c.name, kept, err, c.kept)
			}
		}
		s.trimFeed(made[2].Revision)
		if kept, err := s.a.Keeps(s.ctx, head, made[0]); err != nil || !kept {
			s.t.Errorf("where the feed no longer tells: got %v, %v", kept, err)
		}
	})
}
