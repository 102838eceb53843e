package daemon_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

// TestDaemonServesHTTPS renews the certificate under a running daemon: half done, broken, and well.
func TestDaemonServesHTTPS(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	files, renewed := ca.Files(t, time.Now().Add(time.Minute)), ca.Files(t, time.Now().Add(time.Hour))
	c := settings()
	c.ListenTLSCertFile, c.ListenTLSKeyFile = files.Cert, files.Key
	d, log := start(t, c)

	// shown is when the certificate ends that a new connection meets.
	shown := func() time.Duration {
		t.Helper()
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"}, DisableKeepAlives: true}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+d.Address()+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := (&http.Client{Transport: transport}).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
		return time.Until(answer.TLS.PeerCertificates[0].NotAfter)
	}
	if left := shown(); left > time.Minute {
		t.Errorf("the first certificate has %v left", left)
	}
	info, err := os.Stat(files.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(renewed.Cert, info.ModTime(), info.ModTime()); err != nil { // as where both come from an archive
		t.Fatal(err)
	}
	if err := os.Rename(renewed.Cert, files.Cert); err != nil { // without its key
		t.Fatal(err)
	}
	if left := shown(); left > time.Minute {
		t.Errorf("half of a renewal was taken, with %v left", left)
	}
	log.await(t, "the renewed certificate of the HTTP server cannot be used")
	if err := os.Rename(renewed.Key, files.Key); err != nil {
		t.Fatal(err)
	}
	if left := shown(); left < 30*time.Minute {
		t.Errorf("the renewed certificate is not taken: %v left", left)
	}
	if err := os.WriteFile(files.Cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if left := shown(); left < 30*time.Minute {
		t.Errorf("a broken file was taken: %v left", left)
	}
}
