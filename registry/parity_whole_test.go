package registry_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

func (f *fleet) state(client, model string, want registry.State, whole bool) {
	f.t.Helper()
	f.expect("ClientModelStatus", registry.ClientModelStatus{State: want, WholeClient: whole}, func(r reader) any {
		status := r.ClientModelStatus(client, model)
		return registry.ClientModelStatus{State: status.State, WholeClient: status.WholeClient}
	})
}

func TestAdditionWholeClientMarks(t *testing.T) {
	everywhere(t, true, registry.Options{}, func(f *fleet) {
		f.register("c", "p", "m", "m", "n")
		f.register("d", "p", "m")
		f.quota("c", "*")
		f.count("m", 2) // once, though the client has it twice
		f.count("n", 0)
		f.listed("m", "n")
		f.state("c", "m", registry.StateCooling, true)
		f.state("c", "none", registry.StateUnregistered, false)

		// A mark on a pair neither touches it nor is touched, and the client is subtracted once.
		f.advance(time.Minute)
		f.suspend("c", "n", "manual")
		f.quota("c", "m")
		f.count("m", 2)
		f.listed("m")
		f.state("c", "n", registry.StateSuspended, false)
		f.state("c", "m", registry.StateCooling, false)
		f.state("c", "*", registry.StateCooling, true)
		f.ok(f.b.ClearModelQuotaExceeded(f.t.Context(), "c", "m"))
		f.state("c", "m", registry.StateCooling, true)
		f.quota("c", "m")
		f.ok(f.b.ClearModelQuotaExceeded(f.t.Context(), "c", "*"))
		f.state("c", "m", registry.StateCooling, false)
		f.state("c", "*", registry.StateAvailable, false)

		// Models that come later are under it, too; time ends it alone.
		f.quota("c", "*")
		f.ok(f.b.RegisterClient(f.t.Context(), "c", "p", named("m", "n", "late")))
		f.count("late", 0)
		f.advance(2 * time.Minute)
		f.quota("c", "m")
		f.advance(3*time.Minute + time.Second)
		f.state("c", "late", registry.StateAvailable, false)
		f.state("c", "m", registry.StateCooling, false)
		f.count("late", 1)
		f.count("m", 1)

		// Suspended as a whole, a client is out whatever else cools.
		f.suspend("c", "*", "401")
		f.state("c", "m", registry.StateSuspended, true)
		f.listed("m")
		f.ok(f.a.ResumeClientModel(f.t.Context(), "c", "*"))
		f.state("c", "m", registry.StateCooling, false)
		f.listed("late", "m")
	})
}
