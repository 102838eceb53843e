package registry_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// lossy is a network that carries one request to the server and loses the answer with the connection.
type lossy struct {
	mu   sync.Mutex
	word []byte // what the request contains; nil: nothing is lost
	lost int
}

// lose makes the network lose the answer to the next request that contains the word.
func (l *lossy) lose(word string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.word = []byte(word)
}

func (l *lossy) hits(request []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.word == nil || !bytes.Contains(request, l.word) {
		return false
	}
	l.word = nil
	l.lost++
	return true
}

type lossyConn struct {
	net.Conn
	network *lossy
	hit     bool
}

func (c *lossyConn) Write(request []byte) (int, error) {
	c.hit = c.network.hits(request)
	return c.Conn.Write(request)
}

func (c *lossyConn) Read(answer []byte) (int, error) {
	n, err := c.Conn.Read(answer)
	if c.hit && err == nil { // the server has done it
		return 0, errors.Join(io.EOF, c.Close())
	}
	return n, err
}

// TestPromise03ARepeatedWriteTakesEffectOnce loses the answer to each kind of write. The write goes out again, is not
// carried out again, and its caller hears of success.
func TestPromise03ARepeatedWriteTakesEffectOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, network := t.Context(), &lossy{}
		client := through(t, s, func(c net.Conn) net.Conn { return &lossyConn{Conn: c, network: network} })
		r := openOn(t, client, redistest.Namespace(t), "a", registry.Options{})

		warmUp(t, r) // the server has the scripts now: the answers that get lost are those of the writes
		writes := []func() error{
			func() error { return r.RegisterClient(ctx, "target", "p", named("m", "m")) },
			func() error { return r.SetModelQuotaExceeded(ctx, "target", "m") },
			func() error { return r.ClearModelQuotaExceeded(ctx, "target", "m") },
			func() error { return r.SuspendClientModel(ctx, "target", "m", "manual") },
			func() error { return r.ResumeClientModel(ctx, "target", "m") },
			func() error { return r.UnregisterClient(ctx, "target") },
		}
		for i, write := range writes {
			before := r.Position()
			network.lose("target")
			must(t, write())
			must(t, r.Sync(ctx))
			if after := r.Position(); network.lost != i+1 || after.Revision != before.Revision+1 {
				t.Errorf("write %d: %d answers lost, revision %d became %d", i, network.lost, before.Revision, after.Revision)
			}
		}
	})
}

// warmUp runs every kind of write once.
func warmUp(t *testing.T, r *registry.ModelRegistry) {
	t.Helper()
	ctx := t.Context()
	must(t, r.RegisterClient(ctx, "other", "p", named("m")))
	must(t, r.SetModelQuotaExceeded(ctx, "other", "m"))
	must(t, r.ClearModelQuotaExceeded(ctx, "other", "m"))
	must(t, r.SuspendClientModel(ctx, "other", "m", "manual"))
	must(t, r.ResumeClientModel(ctx, "other", "m"))
	must(t, r.UnregisterClient(ctx, "other"))
}
