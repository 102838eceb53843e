package store

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// spoil makes the records of client c and of a mark of client d unreadable.
func (s *space) spoil() {
	s.t.Helper()
	s.must(s.admin.HSet(s.ctx, s.a.keys.clients(), "c", "garbage").Err())
	s.must(s.admin.HSet(s.ctx, s.a.keys.marks(), "d\x1fm", "garbage").Err())
}

// spoilable is a filled space in which client d has a mark.
func spoilable(t *testing.T, server *redistest.Server) *space {
	t.Helper()
	s := filled(t, server)
	s.given(s.a.SetQuota(s.ctx, s.quota("d", "m", SourceHeuristic, 1)))
	return s
}

// TestUnreadableRecordsAreTold: a script that meets one says so and writes nothing, verify lists it, and the doctor finds
// it; all else can be read.
func TestUnreadableRecordsAreTold(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := spoilable(t, server)
		s.spoil()
		before, err := s.a.Head(s.ctx)
		s.must(err)
		for name, write := range map[string]func() error{
			"register":   func() error { _, err := s.a.Register(s.ctx, registration("c", "p", "m")); return err },
			"unregister": func() error { _, err := s.a.Unregister(s.ctx, "c", "", Position{}); return err },
			"evict":      func() error { _, err := s.a.Evict(s.ctx, "c", ""); return err },
			"quota":      func() error { _, err := s.a.SetQuota(s.ctx, s.quota("c", "m", SourceHeuristic, 1)); return err },
			"whole":      func() error { _, err := s.a.SetQuota(s.ctx, s.quota("c", "*", SourceHeuristic, 1)); return err },
			"a mark":     func() error { _, err := s.a.SetQuota(s.ctx, s.quota("d", "m", SourceHeuristic, 1)); return err },
			"suspend":    func() error { _, err := s.a.Suspend(s.ctx, Suspension{Client: "c", Model: "m"}); return err },
			"clear":      func() error { _, err := s.a.ClearQuota(s.ctx, "c", "m", "alice", Position{}); return err },
			"clear it":   func() error { _, err := s.a.ClearQuota(s.ctx, "d", "m", "alice", Position{}); return err },
			"resume":     func() error { _, err := s.a.Resume(s.ctx, "c", "m", "alice", Position{}); return err },
			"release":    func() error { return s.a.Release(s.ctx) },
		} {
			if err := write(); !errors.Is(err, ErrUnreadable) || !errors.Is(err, ErrBroken) {
				t.Errorf("%s: got %v, want ErrUnreadable", name, err)
			}
		}
		if after, err := s.a.Head(s.ctx); err != nil || after.Position != before.Position {
			t.Errorf("from %s to %s, %v", before.Position, after.Position, err)
		}

		snapshot, err := s.b.Snapshot(s.ctx)
		s.must(err)
		if snapshot.Unreadable == nil || snapshot.Unreadable.Epoch != before.Position.Epoch || !errors.Is(snapshot.Unreadable, ErrUnreadable) {
			t.Errorf("the snapshot tells of %v", snapshot.Unreadable)
		}
		if got := slices.Sorted(maps.Keys(snapshot.Clients)); !slices.Equal(got, []string{"d"}) {
			t.Errorf("the snapshot has clients %q", got)
		}
		v := s.verified()
		for _, want := range []Difference{
			{"clients", "c", `"garbage"`, "the record of a client"}, {"marks", "d of m", `"garbage"`, "a mark"},
		} {
			if !slices.Contains(v.Differences, want) {
				t.Errorf("verified as %+v, want %+v among it", v.Differences, want)
			}
		}
		found := examined(t, s.a)
		wantFinding(t, found, "data", FindingFail, "rollcall verify --repair")
		wantFinding(t, found, "leases", FindingOK, "")
	})
}

// TestRepairDropsTheUnreadable: where nobody lives there is nobody to bring it back. What can be read of a client that
// goes waits for its return.
func TestRepairDropsTheUnreadable(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := spoilable(t, server)
		s.spoil()
		s.must(s.admin.HSet(s.ctx, s.a.keys.counts(), "m", "many").Err())
		s.must(s.admin.HSet(s.ctx, s.a.keys.marks(), "d\x1fm", "garbage\x1e\x1e", "w\x1f", "garbage", "nobody's", "garbage").Err())
		s.must(s.admin.HSet(s.ctx, s.a.keys.rosters(), "[m n o old]", "garbage").Err()) // which nobody uses
		server.Advance(t, 2*hour)
		how, err := s.b.Repair(s.ctx)
		s.must(err)
		if v := s.verified(); how != RepairedByRecount || len(v.Differences) > 0 || v.Clients != 1 || v.Marks != 0 {
			t.Errorf("repaired by %s, then %+v", how, v)
		}
		s.look()
		waiting := []string{"c\x1f", "c\x1fm", "c\x1fn", "c\x1fo", "w\x1f", "w\x1fm"}
		if got := slices.Sorted(maps.Keys(s.seen.hashes["marks"])); !slices.Equal(got, waiting) {
			t.Errorf("marks: %q, want %q", got, waiting)
		}
		_, err = s.a.Join(s.ctx, time.Hour, "{}", time.Time{})
		s.must(err)
		s.given(s.a.Register(s.ctx, registration("c", "p", "m", "n", "o")))
		snapshot, err := s.a.Snapshot(s.ctx)
		s.must(err)
		marks := map[string]*Mark{}
		for _, one := range snapshot.Marks {
			if one.Client == "c" {
				marks[one.Model] = one.Mark
			}
		}
		if len(marks) != 2 || marks["m"].Quota == nil || marks["n"].Suspension == nil { // that on o is over
			t.Errorf("c is back with the marks %+v", marks)
		}
	})
}

// TestUnreadableRoster: the list of models of a client cannot be computed anew, so that nothing is where nobody lives. It
// is told, and a replica that comes mends it.
func TestUnreadableRoster(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		s := filled(t, server)
		s.must(s.admin.HSet(s.ctx, s.a.keys.rosters(), "[m]", "\x1em\x1fx").Err())
		if v := s.verified(); !slices.Contains(v.Differences, Difference{"rosters", "[m]", `"\x1em\x1fx"`, "a list of models"}) {
			t.Errorf("verified as %+v", v.Differences)
		}
		wantFinding(t, examined(t, s.a), "data", FindingFail, "rollcall verify --repair")
		server.Advance(t, 2*hour)
		before := s.read()
		if _, err := s.b.Repair(s.ctx); !errors.Is(err, ErrBroken) {
			t.Errorf("repair: got %v, want ErrBroken", err)
		}
		if !s.read().same(before) {
			t.Error("the repair that was refused changed something")
		}
	})
}
