package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestClockLeaps sets the server's clock an hour ahead, and back. Nobody is taken for dead, and leases go on: a replica
// that dies afterwards is noticed.
func TestClockLeaps(t *testing.T) {
	t.Parallel()
	for name, leap := range map[string]time.Duration{"ahead": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const lease = 3 * time.Second
			f := newFleet(t, redistest.Redis(t, redistest.Options{MovableClock: true}), fleetOptions{lease: lease})
			f.rest(lease + lease/3) // from then on each may reap
			f.fault(func() { f.server.Advance(t, leap) })
			f.warm()
			f.rest(lease + lease/2)
			f.recovered(time.Now(), false)
			f.nobodyReaped()
			c := openChild(t, f.server.URL(), f.name, "child", lease)
			c.do("register mortal")
			until(t, f.replicas[0], "mortal", true)
			c.kill()
			until(t, f.replicas[0], "mortal", false)
			f.load.halt()
			// The model's marks have deadlines by the server's clock, as have the scripts' times.
			f.skew = leap
			f.settle()
			eventually(t, "the dead replica is not counted any more", func() error {
				if n := f.replicas[0].Health().Replicas; n != len(f.replicas) {
					return fmt.Errorf("%d replicas, want %d", n, len(f.replicas))
				}
				return nil
			})
		})
	}
}
