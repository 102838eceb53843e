package registry

import "testing"

// What ends something on a client stays in its place while the client's other holders are awaited, and so does what was
// written to that client later; other writes pass.
func TestPendingAwaitsOtherHolders(t *testing.T) {
	t.Parallel()
	write := func(client, part string, lifts bool) *pendingWrite {
		return &pendingWrite{key: pendingKey{client: client, part: part}, lifts: lifts}
	}
	lift, behind, other := write("c", partQuota, true), write("c", partSuspension, false), write("d", partQuota, true)
	var p pending
	for _, w := range []*pendingWrite{lift, behind, other} {
		p.add(w, 0)
	}
	awaited := true
	others := func(client string) bool { return awaited && client == "c" }
	for _, want := range []*pendingWrite{other, nil} {
		if got := p.next(others); got != want {
			t.Fatalf("next is %+v, want %+v", got, want)
		}
		p.done(want)
	}
	awaited = false
	for _, want := range []*pendingWrite{lift, behind, nil} {
		if got := p.next(others); got != want {
			t.Fatalf("next is %+v, want %+v", got, want)
		}
		p.done(want)
	}
}
