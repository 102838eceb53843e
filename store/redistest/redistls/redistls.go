// Package redistls lets the servers of redistest speak TLS, with certificates made for the test.
package redistls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// Authority signs the certificates of a test. Its own ends after an hour.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority that nobody trusts yet.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	now := time.Now()
	return newAuthority(tb, now.Add(-time.Hour), now.Add(time.Hour))
}

// ExpiredAuthority makes one whose own certificate is over.
func ExpiredAuthority(tb testing.TB) *Authority {
	tb.Helper()
	now := time.Now()
	return newAuthority(tb, now.Add(-2*time.Hour), now.Add(-time.Hour))
}

func newAuthority(tb testing.TB, begins, ends time.Time) *Authority {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of " + tb.Name()},
		NotBefore: begins, NotAfter: ends,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(tb, err)
	cert, err := x509.ParseCertificate(der)
	must(tb, err)
	return &Authority{cert, key}
}

// Pool trusts this authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Issue makes a certificate for 127.0.0.1 that was valid for two hours at the moment ends.
func (a *Authority) Issue(tb testing.TB, ends time.Time) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"},
		NotBefore: ends.Add(-2 * time.Hour), NotAfter: ends, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.cert, &key.PublicKey, a.key)
	must(tb, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Files are PEM files.
type Files struct{ CA, Cert, Key string }

// Files writes the authority's certificate, and a certificate that ends then with its key.
func (a *Authority) Files(tb testing.TB, ends time.Time) Files {
	tb.Helper()
	dir, cert := tb.TempDir(), a.Issue(tb, ends)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	must(tb, err)
	files := Files{filepath.Join(dir, "ca.crt"), filepath.Join(dir, "own.crt"), filepath.Join(dir, "own.key")}
	for path, block := range map[string]pem.Block{
		files.CA:   {Type: "CERTIFICATE", Bytes: a.cert.Raw},
		files.Cert: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]},
		files.Key:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		must(tb, os.WriteFile(path, pem.EncodeToMemory(&block), 0o600))
	}
	return files
}

// Client is how a client with a certificate of the authority connects.
func (a *Authority) Client(tb testing.TB) *tls.Config {
	tb.Helper()
	cert := a.Issue(tb, time.Now().Add(time.Hour))
	return &tls.Config{RootCAs: a.Pool(), Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
}

// Config are the arguments of a redis-server that shows a certificate of the authority and demands one from clients.
func (a *Authority) Config(tb testing.TB) []string {
	tb.Helper()
	files := a.Files(tb, time.Now().Add(time.Hour))
	return []string{
		"--tls-cert-file", files.Cert, "--tls-key-file", files.Key, "--tls-ca-cert-file", files.CA,
		"--tls-auth-clients", "yes",
	}
}

// Redis starts a server with that Config. It listens for TLS at addr, and without TLS as every server of redistest.
func (a *Authority) Redis(tb testing.TB) (server *redistest.Server, addr string) {
	tb.Helper()
	server = redistest.Redis(tb, redistest.Options{Config: a.Config(tb)})
	return server, Listen(tb, server)
}

// Listen lets the server at server.Addr listen for TLS too, and returns the address. Its Config must be an Authority's.
func Listen(tb testing.TB, server *redistest.Server) (addr string) {
	tb.Helper()
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer func() { must(tb, admin.Close()) }()
	var refused error
	for range 10 { // another process may take the port meanwhile
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(tb, err)
		addr := listener.Addr().String()
		must(tb, listener.Close())
		_, port, err := net.SplitHostPort(addr)
		must(tb, err)
		if refused = admin.ConfigSet(tb.Context(), "tls-port", port).Err(); refused == nil {
			return addr
		}
	}
	tb.Fatalf("redistls: %s does not listen for TLS: %v", server.Addr(), refused)
	return ""
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("redistls: %v", err)
	}
}
