package registry_test

import (
	"errors"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestOwnChange: a change that this replica made shows itself when it is the next one, and the feed, which brings it
// later, is held against it.
func TestOwnChange(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		r, holder := openReplica(t, s, "ns", "a", registry.Options{}), openReplica(t, s, "ns", "b", registry.Options{})
		must(t, holder.RegisterClient(t.Context(), "c", "p", named("m")))
		must(t, r.Sync(t.Context()))
		must(t, r.Close()) // the view stays as it is

		at := r.Position()
		own := store.Entry{
			Position: registry.Position{Epoch: at.Epoch, Revision: at.Revision + 1, Nonce: "own"}, Previous: at.Nonce,
			Kind: store.KindMark, Client: "c",
			Marks: []store.PairMark{{Client: "c", Model: "m", Mark: &store.Mark{Suspension: &store.MarkPart{Reason: "test"}}}},
		}
		for name, change := range map[string]func(*store.Entry){
			"a change is missing between": func(e *store.Entry) { e.Position.Revision++ },
			"it is shown already":         func(e *store.Entry) { e.Position.Revision-- },
			"another epoch":               func(e *store.Entry) { e.Position.Epoch = "other" },
			"another history":             func(e *store.Entry) { e.Previous = "other" },
			"an unknown kind":             func(e *store.Entry) { e.Kind = "other" },
			"a catalog that is not here":  func(e *store.Entry) { e.Record = &store.ClientRecord{Digest: "other"} },
		} {
			entry := own
			change(&entry)
			if registry.Follows(r, entry) || r.Position() != at || r.GetModelCount("m") != 1 {
				t.Errorf("%s: the view is at %s, was at %s", name, r.Position(), at)
			}
		}
		if !registry.Follows(r, own) || r.Position() != own.Position || r.GetModelCount("m") != 0 {
			t.Fatalf("the own change does not show: the view is at %s", r.Position())
		}

		next := store.Entry{
			Position: registry.Position{Epoch: at.Epoch, Revision: at.Revision + 2, Nonce: "next"}, Previous: "own",
			Kind: store.KindMark, Client: "c", Marks: []store.PairMark{{Client: "c", Model: "m"}},
		}
		rewritten := own
		rewritten.Position.Nonce = "rewritten"
		var diverged *store.DivergedError
		if err := registry.Advance(r, rewritten, next); !errors.As(err, &diverged) {
			t.Errorf("the feed has another change in place of the own one: %v", err)
		}
		if r.Position() != own.Position {
			t.Errorf("the view follows a foreign history to %s", r.Position())
		}
		must(t, registry.Advance(r, own))
		if r.Position() != own.Position || r.GetModelCount("m") != 0 {
			t.Errorf("the own change came twice: the view is at %s", r.Position())
		}
		must(t, registry.Advance(r, own, next))
		if r.Position() != next.Position || r.GetModelCount("m") != 1 {
			t.Errorf("what came after the own change does not show: the view is at %s", r.Position())
		}
	})
}
