package registry

import (
	"sync"
	"time"
)

const (
	remindEvery    = time.Minute // how often a bad state that goes on is logged again
	noticesAMinute = 5           // of one state that comes and goes
)

// notice decides when a bad state is logged: when it begins, and once a minute while it goes on. Of a state that comes
// and goes five beginnings a minute are logged. The zero value is a good state. Several goroutines may use it.
type notice struct {
	mu     sync.Mutex
	bad    bool
	logged bool      // the beginning, or a reminder
	last   time.Time // when it was logged last
	minute time.Time // when counting began
	count  int       // beginnings that were logged since
}

// begin records that the state is bad and reports whether to log it.
func (n *notice) begin() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if n.bad && now.Sub(n.last) < remindEvery {
		return false
	}
	if !n.bad {
		n.bad, n.last = true, now
		if now.Sub(n.minute) >= time.Minute {
			n.minute, n.count = now, 0
		}
		if n.count++; n.count > noticesAMinute {
			return false
		}
	}
	n.last, n.logged = now, true
	return true
}

// end records that the state is good and reports whether to log that: its beginning was.
func (n *notice) end() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	logged := n.logged
	n.bad, n.logged = false, false
	return logged
}
