package daemon_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/daemon"
	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

func TestDaemonSpeaksTLS(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	_, addr := ca.Redis(t)
	files := ca.Files(t, time.Now().Add(time.Hour))
	c := settings()
	c.RedisURL = "rediss://" + addr + "?dial_timeout=20s" // above what a busy machine takes for a handshake
	c.TLSCAFile, c.TLSCertFile, c.TLSKeyFile = files.CA, files.Cert, files.Key
	d, _ := start(t, c)
	if models := listed(t, d); !slices.Equal(models, []string{"gpt-5"}) {
		t.Errorf("listed %v", models)
	}
}

func TestDaemonSaysWhatIsWrongWithTLS(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	_, addr := ca.Redis(t)
	log, _ := newLog()
	c := settings()
	c.RedisURL = "rediss://" + addr + "?dial_timeout=20s" // above what a busy machine takes for a handshake
	_, err := daemon.Start(t.Context(), c, log)
	if want := "redis_url: " + c.RedisURL + ": the server's certificate is not accepted"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("with the system's authorities: got %v, want %s", err, want)
	}
	c.TLSCAFile = ca.Files(t, time.Now()).CA
	_, err = daemon.Start(t.Context(), c, log)
	if err == nil || !strings.Contains(err.Error(), "it may want a client certificate") {
		t.Errorf("without a certificate of its own: got %v", err)
	}
}
