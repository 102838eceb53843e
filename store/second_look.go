package store

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// secondLookTime is the end of each read's time, kept for the second look.
const secondLookTime = 5 * time.Millisecond

// secondLook is a connection whose Read looks once more when its deadline has passed. Go reports a deadline that has
// passed without asking the kernel for data, so a process that got no processor time until then would take an answer
// that came in time for a timeout. The second look takes place at the end of the time that the deadline grants: a silent
// peer is reported at the deadline. It is one for each deadline that is set, so a peer that sends byte by byte gains
// nothing.
type secondLook struct {
	net.Conn
	due atomic.Bool // a deadline was set, and no second look has been taken since
}

// withSecondLook wraps a connection. The result has SyscallConn where the connection has it: the library looks there
// whether an idle connection was closed.
func withSecondLook(conn net.Conn) net.Conn {
	switch raw := conn.(type) {
	case *secondLook, secondLookSyscall, failedConn:
		return conn
	case syscall.Conn:
		return secondLookSyscall{&secondLook{Conn: conn}, raw}
	}
	return &secondLook{Conn: conn}
}

// Read implements net.Conn.
func (c *secondLook) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !c.due.CompareAndSwap(true, false) {
		return n, err
	}
	// A deadline ahead is what makes Read ask the kernel. It stays, and has passed as soon as the one before it.
	if c.Conn.SetReadDeadline(time.Now().Add(secondLookTime)) != nil {
		return n, err
	}
	return c.Conn.Read(b)
}

// SetReadDeadline implements net.Conn.
func (c *secondLook) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		t = t.Add(-secondLookTime)
	}
	c.due.Store(!t.IsZero())
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *secondLook) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// NetConn returns the connection beneath, as that of a *tls.Conn does.
func (c *secondLook) NetConn() net.Conn { return c.Conn }

// secondLookSyscall is a secondLook over a connection of the operating system.
type secondLookSyscall struct {
	*secondLook
	raw syscall.Conn
}

// SyscallConn implements syscall.Conn.
func (c secondLookSyscall) SyscallConn() (syscall.RawConn, error) { return c.raw.SyscallConn() }
