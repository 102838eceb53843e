package redistest

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Proxy is a network between a client and a server that can be made to fail. It forwards TCP connections from its
// address to its target. A new one works; the failures are independent of each other and can be repeated.
type Proxy struct {
	tb      testing.TB
	target  string
	addr    string
	release func()
	work    sync.WaitGroup // every goroutine of the proxy

	// writers is held for reading around each write of forwarded bytes, so that Freeze can wait for those under way.
	writers sync.RWMutex

	mu       sync.Mutex
	listener net.Listener       // nil while cut
	links    map[*link]struct{} // the connections there are
	frozen   bool
	thawed   chan struct{} // closed while not frozen
}

// NewProxy starts a proxy to target (host:port) on a loopback port of its own. It stops at the end of the test.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	port, release, err := reservePort()
	if err != nil {
		tb.Fatalf("redistest: NewProxy: %v", err)
	}
	p := &Proxy{
		tb:      tb,
		target:  target,
		addr:    net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		release: release,
		links:   make(map[*link]struct{}),
		thawed:  make(chan struct{}),
	}
	close(p.thawed)
	tb.Cleanup(p.stop)
	p.Restore()
	return p
}

// Addr is host:port of the proxy.
func (p *Proxy) Addr() string { return p.addr }

// Cut closes all connections and refuses new ones, like a server that died: the address stays the proxy's own. Cut
// again does nothing.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close() // it has nothing to lose
		p.listener = nil
	}
	for l := range p.links {
		l.close()
	}
}

// Restore accepts connections again after Cut.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return
	}
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.tb.Errorf("redistest: the proxy to %s cannot listen: %v", p.target, err)
		return
	}
	p.listener = listener
	p.work.Go(func() { p.accept(listener) })
}

// Freeze holds back everything, in both directions, from when it returns until Thaw: connections stay open and nothing
// arrives, not even the end of a connection. New connections are accepted and get no answer.
func (p *Proxy) Freeze() {
	p.shutGate()
	p.writers.Lock() // none is left then
	defer p.writers.Unlock()
}

// shutGate lets no new write begin, and ends those under way however slow their receiver is.
func (p *Proxy) shutGate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen {
		return
	}
	p.frozen = true
	p.thawed = make(chan struct{})
	for l := range p.links {
		l.setWriteDeadline(time.Unix(1, 0))
	}
}

// Thaw lets everything flow again; what was held back arrives, in order.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.frozen {
		return
	}
	p.frozen = false
	for l := range p.links {
		l.setWriteDeadline(time.Time{})
	}
	close(p.thawed)
}

// accept runs until its listener is closed.
func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		l := &link{proxy: p, client: conn, closed: make(chan struct{})}
		p.mu.Lock()
		if p.listener != listener { // cut since
			p.mu.Unlock()
			l.close()
			return
		}
		p.links[l] = struct{}{}
		p.work.Go(l.run)
		p.mu.Unlock()
	}
}

// stop ends the proxy and waits for its goroutines.
func (p *Proxy) stop() {
	p.Cut()
	p.work.Wait()
	p.release()
}
