package redistest

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// link is one connection through a Proxy.
type link struct {
	proxy  *Proxy
	client net.Conn
	server net.Conn // nil until dialled; guarded by proxy.mu

	once   sync.Once
	closed chan struct{}
}

// run forwards until either side closes, or the proxy closes the link.
func (l *link) run() {
	defer l.forget()
	server, ok := l.dial()
	if !ok {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.forward(server, l.client) })
	both.Go(func() { l.forward(l.client, server) })
	both.Wait()
}

// dial connects to the target once nothing is frozen. It returns false if that failed or the link was closed.
func (l *link) dial() (net.Conn, bool) {
	if !l.flowing() {
		return nil, false
	}
	server, err := net.Dial("tcp", l.proxy.target)
	if err != nil {
		return nil, false // the client sees its connection closed
	}
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	select {
	case <-l.closed:
		_ = server.Close() // nothing was sent yet
		return nil, false
	default:
		l.server = server
		return server, true
	}
}

// forward copies from src to dst until one of them ends, and then closes both.
func (l *link) forward(dst, src net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if !l.write(dst, buf[:n]) {
			break
		}
		if err != nil {
			break
		}
	}
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.close()
}

// write sends all of b as soon as nothing is frozen, however often it freezes meanwhile. With an empty b it only waits.
// It returns false if the connection has ended.
func (l *link) write(dst net.Conn, b []byte) bool {
	for {
		if !l.flowing() {
			return false
		}
		n, err := l.writeOnce(dst, b)
		b = b[n:]
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
		if err == nil && len(b) == 0 {
			return true
		}
	}
}

// writeOnce writes what it can before the proxy is frozen. Frozen, it writes nothing and says ErrDeadlineExceeded.
func (l *link) writeOnce(dst net.Conn, b []byte) (int, error) {
	l.proxy.writers.RLock()
	defer l.proxy.writers.RUnlock()
	select {
	case <-l.proxy.gate():
		return dst.Write(b)
	default:
		return 0, os.ErrDeadlineExceeded
	}
}

// flowing waits until nothing is frozen. It returns false if the link is closed instead.
func (l *link) flowing() bool {
	select {
	case <-l.closed:
		return false
	case <-l.proxy.gate():
		return true
	}
}

// gate is closed while the proxy lets bytes through.
func (p *Proxy) gate() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.thawed
}

// setWriteDeadline is called with proxy.mu held.
func (l *link) setWriteDeadline(t time.Time) {
	_ = l.client.SetWriteDeadline(t) // fails only on a closed connection
	if l.server != nil {
		_ = l.server.SetWriteDeadline(t)
	}
}

// close ends both connections. It is called with proxy.mu held, or before anybody else knows the link.
func (l *link) close() {
	l.once.Do(func() {
		close(l.closed)
		_ = l.client.Close() // the bytes held back are lost, as they are when a network breaks
		if l.server != nil {
			_ = l.server.Close()
		}
	})
}

// forget closes the link and takes it off the proxy's list.
func (l *link) forget() {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.close()
	delete(l.proxy.links, l)
}
