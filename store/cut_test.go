package store

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

// choosy is a proxy that answers the commands it knows with +OK and closes the connection upon any other.
func choosy(t *testing.T, knows ...string) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(30 * time.Second)) // a hang ends
				lines := bufio.NewReader(conn)
				if first, err := lines.Peek(1); err != nil || first[0] != '*' {
					return
				}
				for {
					line, err := lines.ReadString('\n')
					if err != nil || !strings.ContainsAny(line[:1], "*$") && !known(line, knows) {
						return
					}
					if known(line, knows) {
						_, _ = io.WriteString(conn, "+OK\r\n")
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		work.Wait()
	})
	return listener.Addr().String()
}

func known(line string, knows []string) bool {
	for _, one := range knows {
		if strings.EqualFold(strings.TrimSpace(line), one) {
			return true
		}
	}
	return false
}

// The error distinguishes a server that wants TLS from a proxy that closes the connection on an unknown command.
func TestAConnectionThatIsCutSaysWhy(t *testing.T) {
	t.Parallel()
	_, overTLS := redistls.NewAuthority(t).Redis(t)
	for name, c := range map[string]struct {
		addr, says string
	}{
		"TLS":                   {overTLS, "the server speaks TLS; the URL must start with rediss://"},
		"a proxy without HELLO": {choosy(t, "PING"), "the server answers a PING alone"},
		"a proxy without PING":  {choosy(t), "does not speak TLS either"},
	} {
		for _, scheme := range []string{"redis", "redis+cluster"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				s := openURL(t, scheme+"://"+c.addr)
				err := s.CheckConnection(t.Context())
				if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v, want %q", err, c.says)
				}
				if err != nil && name != "TLS" && strings.Contains(err.Error(), "rediss://") {
					t.Errorf("a hint at TLS: %v", err)
				}
			})
		}
	}
}
