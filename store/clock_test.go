package store

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = int64(time.Millisecond)

// leads are the bounds of the server's lead, in ms.
func leads(c *Clock) (low, high int64) { return c.low / ms, c.high / ms }

func TestClockBeforeTheFirstReply(t *testing.T) {
	t.Parallel()
	before := time.Now()
	c := NewClock()
	if now := c.Now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("shows %v, the machine %v", now, before)
	}
	if now := c.Millis(); now < before.UnixMilli() || now > time.Now().UnixMilli() {
		t.Errorf("shows %d, the machine %d", now, before.UnixMilli())
	}
}

// A reply says that the server's lead is between what it was when the reply arrived and when it was asked for.
func TestClockBounds(t *testing.T) {
	t.Parallel()
	c := NewClock()
	c.observe(1000*ms, 1100*ms, 5050) // a lead of 3950 to 4050, and the millisecond it was rounded by
	if low, high := leads(c); low != 3950 || high != 4051 {
		t.Errorf("bounds %d and %d", low, high)
	}
	if now := (2000*ms + c.offset.Load()) / ms; now != 6000 {
		t.Errorf("at 2000 shows %d, want the middle, 6000", now)
	}
	c.observe(1200*ms, 1300*ms, 5230)                       // 3930 to 4030
	if low, high := leads(c); low != 3949 || high != 4031 { // widened by a trifle, rounded down
		t.Errorf("bounds %d and %d after a second reply", low, high)
	}
	c.observe(1400*ms, 1401*ms, 5400) // 3999 to 4000
	if low, high := leads(c); low != 3999 || high != 4001 {
		t.Errorf("bounds %d and %d after a quick reply", low, high)
	}
	c.observe(1500*ms, 2500*ms, 6000) // 3500 to 4500 says nothing new
	if low, high := leads(c); low != 3998 || high != 4001 {
		t.Errorf("bounds %d and %d after a slow reply", low, high)
	}
}

// Where replies contradict each other, the clock was set, or another server answers: the last one counts.
func TestClockStartsAnew(t *testing.T) {
	t.Parallel()
	for _, jump := range []int64{-3_600_000, -200, 200, 3_600_000} {
		c := NewClock()
		c.observe(1000*ms, 1002*ms, 9_000_000)
		c.observe(1100*ms, 1102*ms, 9_000_100+jump)
		if low, high := leads(c); low != 8_998_998+jump || high != 8_999_001+jump {
			t.Errorf("bounds %d and %d after a jump of %d", low, high, jump)
		}
		if now := (2000*ms + c.offset.Load()) / ms; now != 9_000_999+jump {
			t.Errorf("at 2000 shows %d after a jump of %d", now, jump)
		}
	}
}

// A server's clock never stands before what atLeast says, however long replies take, and however long none comes; the
// clocks may part by 100 ppm.
func TestClockIsNeverAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lead := rapid.Int64Range(ms*1e9, ms*1e12).Draw(t, "lead")
		rate := rapid.Float64Range(-100e-6, 100e-6).Draw(t, "drift")
		server := func(local int64) int64 { return local + lead + int64(float64(local)*rate) }
		delay := rapid.Int64Range(0, 2*int64(time.Second))
		c, local := NewClock(), int64(0)
		for range rapid.IntRange(1, 30).Draw(t, "replies") {
			asked := local + rapid.Int64Range(0, int64(time.Hour)).Draw(t, "gap")
			if local > 0 && c.leastAt(asked) > server(asked)/ms {
				t.Fatalf("%d ms after a reply: says %d, the server's clock is at %d",
					(asked-local)/ms, c.leastAt(asked), server(asked)/ms)
			}
			answered := asked + delay.Draw(t, "there")
			local = answered + delay.Draw(t, "back")
			c.observe(asked, local, server(answered)/ms)
			if c.leastAt(local) > server(local)/ms {
				t.Fatalf("with the reply: says %d, the server's clock is at %d", c.leastAt(local), server(local)/ms)
			}
			if c.low > c.high {
				t.Fatalf("bounds %d and %d", c.low, c.high)
			}
		}
	})
}

// What the clock shows is as near to the server's as the quickest reply allows.
func TestClockIsNear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lead := rapid.Int64Range(ms*1e9, ms*1e12).Draw(t, "lead")
		c, local := NewClock(), int64(0)
		best := int64(time.Hour)
		for range rapid.IntRange(1, 20).Draw(t, "replies") {
			asked := local + rapid.Int64Range(0, int64(time.Second)).Draw(t, "gap")
			answered := asked + rapid.Int64Range(0, int64(time.Second)).Draw(t, "there")
			local = answered + rapid.Int64Range(0, int64(time.Second)).Draw(t, "back")
			c.observe(asked, local, (answered+lead)/ms)
			best = min(best, local-asked)
		}
		// Half of the delay, the millisecond, and what 60 s let two clocks part.
		if off := c.offset.Load() - lead; max(off, -off) > best/2+2*ms+int64(float64(local)*2*drift) {
			t.Fatalf("off by %d us; the quickest reply took %d us", off/1000, best/1000)
		}
	})
}

func TestClockRunsOn(t *testing.T) {
	t.Parallel()
	c := NewClock()
	c.observe(0, ms, 1_700_000_000_000)
	before, least := c.Millis(), c.atLeast()
	for c.local() < 20*ms { // some milliseconds of the machine's clock
	}
	if c.Millis() < before || c.atLeast() < least || c.atLeast() > c.Millis() {
		t.Errorf("from %d and %d to %d and %d", before, least, c.Millis(), c.atLeast())
	}
	if now := c.Now().UnixMilli(); now < before || now > c.Millis() {
		t.Errorf("Now shows %d, Millis %d", now, c.Millis())
	}
}
