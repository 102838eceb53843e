package registry

import "time"

// alarm wakes the goroutine that publishes what time changes when something comes to end sooner than it knows.
type alarm struct {
	at   int64         // when the goroutine wakes, in server ms; 0: there is none
	ring chan struct{} // holds one
}

// soonest is when time changes something next, in server ms; 0: never. mu is held.
func (v *View) soonest() int64 {
	soonest := v.until()
	if w := v.watched; w != nil && len(w.endings.items) > 0 {
		if at := w.endings.items[0].at; soonest == 0 || at < soonest {
			soonest = at
		}
	}
	return soonest
}

// wakeInTime rings if the goroutine would be late. mu is held.
func (v *View) wakeInTime() {
	if soonest := v.soonest(); soonest != 0 && soonest < v.alarm.at {
		v.alarm.at = soonest
		select {
		case v.alarm.ring <- struct{}{}:
		default: // it is being woken
		}
	}
}

// untilSoonest is how long nothing changes by time alone; at most a second, since the clock may be set.
func (v *View) untilSoonest() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	now, wait := v.clock.Millis(), time.Second
	if soonest := v.soonest(); soonest != 0 {
		wait = min(wait, time.Duration(max(0, soonest-now))*time.Millisecond+time.Millisecond)
	}
	v.alarm.at = now + wait.Milliseconds()
	return wait
}
