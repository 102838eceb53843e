package redistest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Now is the server's time (TIME), to the microsecond. With sentinels it is the primary's, in a cluster some node's.
func (s *Server) Now(tb testing.TB) time.Time {
	tb.Helper()
	ctx, cancel := limited(tb, callLimit)
	defer cancel()
	now, err := s.time(ctx)
	if err != nil {
		tb.Fatalf("redistest: asking %s for its time: %v", s.Addr(), err)
	}
	return now
}

func (s *Server) time(ctx context.Context) (time.Time, error) {
	c := s.connect()
	defer c.Close()
	return c.Time(ctx).Result()
}

// Advance moves the server's clock by d, back if d is negative, and returns when TIME shows it. Deadlines stay where
// they are: every TTL gets shorter, or longer, by d.
//
// It works for Miniredis and for a Redis with MovableClock, and skips the test where the environment names the server. A
// MiniredisLive follows the clock of its bubble: sleep there instead. A Redis measures XREAD BLOCK and its like by this
// clock too: one under way ends early when the clock leaps ahead, and lasts longer by d when it goes back. In miniredis
// such a command lasts its real time.
func (s *Server) Advance(tb testing.TB, d time.Duration) {
	tb.Helper()
	if s.kind == kindRedis && s.clock == nil && otherServer() {
		tb.Skipf("redistest: the clock of the server that %s names cannot be moved", serverVariable)
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	ctx, cancel := limited(tb, callLimit)
	defer cancel()
	var err error
	switch {
	case s.pinned:
		err = s.advanceMiniredis(ctx, d)
	case s.clock != nil:
		err = s.advanceProcess(ctx, d)
	default:
		err = fmt.Errorf("the clock of this %s cannot be moved: use Miniredis, or Redis with MovableClock", s.kind)
	}
	if err != nil {
		tb.Fatalf("redistest: Advance(%v): %v", d, err)
	}
}

// advanceMiniredis moves a pinned clock. miniredis keeps what is left of a TTL, not its end, so a step back has to
// lengthen the TTLs as well; the question for the time has settled all earlier steps by then.
func (s *Server) advanceMiniredis(ctx context.Context, d time.Duration) error {
	now, err := s.time(ctx)
	if err != nil {
		return err
	}
	s.mini.DB(0) // takes notice of the present time
	s.mini.SetTime(now.Add(d))
	if d < 0 {
		s.mini.FastForward(d)
		return nil
	}
	s.mini.DB(0) // what is over now goes now
	return nil
}

// advanceProcess moves the clock of a process under libfaketime, and waits until the process has noticed.
func (s *Server) advanceProcess(ctx context.Context, d time.Duration) error {
	offset := s.clock.offset + d
	if err := s.clock.write(offset); err != nil {
		return err
	}
	return await(ctx, fmt.Sprintf("TIME to be %v from now", offset), func(ctx context.Context) error {
		const rounding = time.Millisecond
		earliest := time.Now().Add(offset - rounding)
		now, err := s.time(ctx)
		if err != nil {
			return err
		}
		if latest := time.Now().Add(offset + rounding); now.Before(earliest) || now.After(latest) {
			return fmt.Errorf("TIME is %v, not between %v and %v", now, earliest, latest)
		}
		return nil
	})
}

// clockFile tells libfaketime how far a process's clock is from the machine's.
type clockFile struct {
	path   string
	offset time.Duration
}

// newClockFile is a clock in dir that shows the machine's time.
func newClockFile(dir string) (*clockFile, error) {
	c := &clockFile{path: filepath.Join(dir, "redistest.clock")}
	return c, c.write(0)
}

// write replaces the file in one step: the process reads it each time it looks at the clock.
func (c *clockFile) write(offset time.Duration) error {
	text := fmt.Sprintf("%+.9f\n", offset.Seconds())
	if err := os.WriteFile(c.path+".new", []byte(text), 0o600); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	if err := os.Rename(c.path+".new", c.path); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	c.offset = offset
	return nil
}

// environment makes a process follow the file. Timers stay real: only the time of day is moved. The C library comes
// second so that its malloc is used: jemalloc asks for the time while libfaketime allocates memory to find out how to
// ask for the time, and the two wait for each other for ever.
func (c *clockFile) environment(library string) []string {
	return []string{
		"LD_PRELOAD=" + library + ":libc.so.6",
		"FAKETIME_TIMESTAMP_FILE=" + c.path,
		"FAKETIME_NO_CACHE=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1",
	}
}
