package registry

import (
	"testing"
	"testing/synctest"
	"time"
)

// A state that comes and goes ten times a second is logged five times a minute, each end with its beginning.
func TestANoticeDoesNotFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n notice
		begun, ended := 0, 0
		for range 10 * 60 * 3 { // three minutes
			if n.begin() {
				begun++
			}
			if n.end() {
				ended++
			}
			<-time.After(100 * time.Millisecond)
		}
		if begun != 15 || ended != begun {
			t.Errorf("%d beginnings and %d ends in three minutes, want 15 each", begun, ended)
		}
		for range 10 * 60 * 3 { // and then it stays
			if n.begin() {
				begun++
			}
			<-time.After(100 * time.Millisecond)
		}
		if begun != 18 || !n.end() || n.end() {
			t.Errorf("%d beginnings in all, want three more, and one end", begun)
		}
	})
}
