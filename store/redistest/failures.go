package redistest

import (
	"syscall"
	"testing"
)

// Kill ends all processes of the server as kill -9 does, and waits for their end. Their ports then refuse connections,
// and nobody else gets them. It fails the test for a miniredis.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.mustHaveProcesses(tb)
	for _, p := range s.processes {
		p.kill()
	}
}

// Restart starts again, on their old ports, all processes of the server that are dead, and returns when they answer.
// They come back empty, but with the configuration and the clock they were started with; nodes of a cluster and
// sentinels remember each other.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.mustHaveProcesses(tb)
	ctx, cancel := limited(tb, startLimit)
	defer cancel()
	for _, p := range s.processes {
		if p.alive() {
			continue
		}
		if err := p.start(ctx); err != nil {
			tb.Fatalf("redistest: Restart: %v", err)
		}
	}
}

// Freeze stops all processes of the server where they are (SIGSTOP). Connections to them stay open, and new ones are
// made by the kernel; what is sent meanwhile is executed after Thaw, whether or not its sender still waits.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	s.signalAll(tb, syscall.SIGSTOP)
}

// Thaw lets frozen processes go on (SIGCONT).
func (s *Server) Thaw(tb testing.TB) {
	tb.Helper()
	s.signalAll(tb, syscall.SIGCONT)
}

func (s *Server) signalAll(tb testing.TB, sig syscall.Signal) {
	tb.Helper()
	s.mustHaveProcesses(tb)
	for _, p := range s.processes {
		if !p.alive() {
			continue
		}
		if err := p.signal(sig); err != nil {
			tb.Fatalf("redistest: sending %v to %s: %v", sig, p.addr(), err)
		}
	}
}

func (s *Server) mustHaveProcesses(tb testing.TB) {
	tb.Helper()
	if len(s.processes) == 0 {
		tb.Fatalf("redistest: a %s has no process; use Redis", s.kind)
	}
}

// killAt kills the process at addr.
func (s *Server) killAt(tb testing.TB, addr string) {
	tb.Helper()
	for _, p := range s.processes {
		if p.addr() == addr {
			p.kill()
			return
		}
	}
	tb.Fatalf("redistest: none of this %s's processes is at %s", s.kind, addr)
}
