package store

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// cutter stands between a client and a server, and can close a connection at the worst moment: when the server has run
// a script, and its answer has not arrived.
type cutter struct {
	t        *testing.T
	target   string
	listener net.Listener
	work     sync.WaitGroup

	mu   sync.Mutex
	cuts int // how many answers of scripts are still to be swallowed
	open map[net.Conn]struct{}
}

func newCutter(t *testing.T, target string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{t: t, target: target, listener: listener, open: map[net.Conn]struct{}{}}
	c.work.Go(c.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		c.mu.Lock()
		for conn := range c.open {
			_ = conn.Close()
		}
		c.mu.Unlock()
		c.work.Wait()
	})
	return c
}

func (c *cutter) addr() string { return c.listener.Addr().String() }

// cutNext swallows the answers of the next scripts and closes their connections.
func (c *cutter) cutNext(cuts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts = cuts
}

func (c *cutter) left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

// swallow says whether an answer is to be swallowed, and counts it.
func (c *cutter) swallow(answer []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cuts == 0 || bytes.HasPrefix(answer, []byte("-NOSCRIPT")) { // nothing ran
		return false
	}
	c.cuts--
	return true
}

func (c *cutter) accept() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		c.mu.Lock()
		c.open[client], c.open[server] = struct{}{}, struct{}{}
		c.mu.Unlock()
		c.work.Go(func() {
			c.exchange(client, server)
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, conn := range []net.Conn{client, server} {
				_ = conn.Close()
				delete(c.open, conn)
			}
		})
	}
}

// exchange forwards requests and answers in turn until either side closes, or an answer is swallowed. A client of this
// package waits for the answer before it sends the next request.
func (c *cutter) exchange(client, server net.Conn) {
	var script bool
	var state sync.Mutex
	c.work.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := client.Read(buf)
			if err != nil {
				_ = server.Close()
				return
			}
			state.Lock()
			script = script || bytes.Contains(bytes.ToLower(buf[:n]), []byte("\r\neval"))
			state.Unlock()
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if err != nil {
			if err != io.EOF {
				_ = client.Close()
			}
			return
		}
		state.Lock()
		ran := script
		script = false
		state.Unlock()
		if ran && c.swallow(buf[:n]) {
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
