package cli

import (
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
)

// stateCell shows a state in its colour.
func stateCell(state registry.State) cell {
	tones := map[registry.State]tone{
		registry.StateAvailable: good, registry.StateCooling: waiting, registry.StateSuspended: bad, registry.StateUnregistered: faint,
	}
	return cell{string(state), tones[state]}
}

// number shows a count of what is not as it should be, in a tone unless there is none of it.
func number(n int, t tone) cell {
	if n == 0 {
		t = plain
	}
	return cell{strconv.Itoa(n), t}
}

// availableCell shows how many clients can be used; none is bad.
func availableCell(counts registry.StateCounts) cell {
	if counts.Available == 0 {
		return cell{"0", bad}
	}
	return number(counts.Available, good)
}

// until shows when something ends by itself, and in how long; the zero time is never.
func until(at time.Time) cell {
	c := moment(at)
	if left := time.Until(at).Round(time.Second); left > 0 {
		c.text += " (in " + left.String() + ")"
	}
	return c
}
