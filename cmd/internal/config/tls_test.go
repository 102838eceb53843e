package config_test

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/store/redistest/redistls"
)

const secure = "redis_url: rediss://:hush@h\n"

func TestTLSFilesBecomeSettings(t *testing.T) {
	t.Parallel()
	files := redistls.NewAuthority(t).Files(t, time.Now().Add(time.Hour))
	dir := filepath.Dir(files.CA)
	for _, url := range []string{"rediss://h", "rediss+cluster://h", "rediss+sentinel://h?master_name=m"} {
		path := filepath.Join(dir, "settings.yaml")
		content := "redis_url: " + url + "\ntls_ca_file: ca.crt\ntls_cert_file: own.crt\ntls_key_file: own.key\n"
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Input{File: path})
		if err != nil {
			t.Fatal(err)
		}
		settings, err := c.TLS()
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := settings.GetClientCertificate(new(tls.CertificateRequestInfo))
		if err != nil || len(certificate.Certificate) != 1 || settings.RootCAs == nil || settings.InsecureSkipVerify {
			t.Errorf("%s: got %+v, certificate %v, %v", url, settings, certificate, err)
		}
	}
}

func TestWithoutTLSFilesTheSystemDecides(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", secure, "redis_url: redis://h\n"} {
		if settings, err := load(t, content, nil).TLS(); settings != nil || err != nil {
			t.Errorf("%q: got %v, %v", content, settings, err)
		}
	}
}

func TestARenewedCertificateIsReadWithoutARestart(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	files, renewed := ca.Files(t, time.Now().Add(time.Minute)), ca.Files(t, time.Now().Add(time.Hour))
	settings, err := load(t, secure+"tls_cert_file: "+files.Cert+"\ntls_key_file: "+files.Key+"\n", nil).TLS()
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{renewed.Cert: files.Cert, renewed.Key: files.Key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	certificate, err := settings.GetClientCertificate(new(tls.CertificateRequestInfo))
	if err != nil || time.Until(certificate.Leaf.NotAfter) < 30*time.Minute {
		t.Errorf("got %v, %v, want the new one", certificate, err)
	}
}

func TestRefusedTLSSettingIsNamed(t *testing.T) {
	t.Parallel()
	ca := redistls.NewAuthority(t)
	good, other := ca.Files(t, time.Now().Add(time.Hour)), ca.Files(t, time.Now().Add(time.Hour))
	expired, early := ca.Files(t, time.Now().Add(-time.Minute)), ca.Files(t, time.Now().Add(4*time.Hour))
	expiredCA := redistls.ExpiredAuthority(t).Files(t, time.Now().Add(time.Hour))
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	pair := func(cert, key string) string {
		return secure + "tls_cert_file: " + cert + "\ntls_key_file: " + key + "\n"
	}
	for name, c := range map[string]struct{ file, want string }{
		"no authorities":      {secure + "tls_ca_file: /nowhere/x\n", "tls_ca_file (FILE): /nowhere/x cannot be read: no such file or directory"},
		"authorities no PEM":  {secure + "tls_ca_file: " + text + "\n", "tls_ca_file (FILE): " + text + " is not a PEM file"},
		"authorities a key":   {secure + "tls_ca_file: " + good.Key + "\n", "tls_ca_file (FILE): " + good.Key + " holds no certificate"},
		"authorities expired": {secure + "tls_ca_file: " + expiredCA.CA + "\n", "tls_ca_file (FILE): " + expiredCA.CA + " expired on 20"},
		"no certificate":      {pair("/nowhere/x", good.Key), "tls_cert_file (FILE): /nowhere/x cannot be read: no such file or directory"},
		"certificate expired": {pair(expired.Cert, expired.Key), "tls_cert_file (FILE): " + expired.Cert + " expired on 20"},
		"certificate early":   {pair(early.Cert, early.Key), "tls_cert_file (FILE): " + early.Cert + " is not valid before 20"},
		"certificate a key":   {pair(good.Key, good.Key), "tls_cert_file (FILE): " + good.Key + " holds no certificate"},
		"no key":              {pair(good.Cert, "/nowhere/x"), "tls_key_file (FILE): /nowhere/x cannot be read: no such file or directory"},
		"key no PEM":          {pair(good.Cert, text), "tls_key_file (FILE): " + text + " is not a PEM file"},
		"key of another":      {pair(good.Cert, other.Key), "tls_key_file (FILE): " + other.Key + " does not fit " + good.Cert + ": private key does not match public key"},
		"certificate alone":   {secure + "tls_cert_file: " + good.Cert + "\n", "tls_cert_file (FILE): is set without tls_key_file; they belong together"},
		"key alone":           {secure + "tls_key_file: " + good.Key + "\n", "tls_key_file (FILE): is set without tls_cert_file; they belong together"},
		"listener's alone":    {"listen_tls_cert_file: " + good.Cert + "\n", "listen_tls_cert_file (FILE): is set without listen_tls_key_file; they belong together"},
		"listener's expired": {
			"listen_tls_cert_file: " + expired.Cert + "\nlisten_tls_key_file: " + expired.Key + "\n",
			"listen_tls_cert_file (FILE): " + expired.Cert + " expired on 20",
		},
		"listener's of another": {
			"listen_tls_cert_file: " + good.Cert + "\nlisten_tls_key_file: " + other.Key + "\n",
			"listen_tls_key_file (FILE): " + other.Key + " does not fit " + good.Cert,
		},
		"URL without TLS": {"redis_url: redis://:hush@h\ntls_ca_file: " + good.CA + "\n", "tls_ca_file (FILE): is set, but redis_url asks for no TLS; must begin with rediss://"},
		"embedded":        {"tls_key_file: " + good.Key + "\n", "tls_key_file (FILE): is set, but redis_url asks for no TLS; must begin with rediss://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, c.file)
			_, err := config.Load(config.Input{File: path})
			var refused *config.Error
			if !errors.As(err, &refused) || strings.Contains(err.Error(), "hush") {
				t.Fatalf("got %v, want a *config.Error without a secret", err)
			}
			if got := strings.ReplaceAll(err.Error(), path, "FILE"); !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAuthoritiesMayHoldAnExpiredOne(t *testing.T) {
	t.Parallel()
	old := redistls.ExpiredAuthority(t).Files(t, time.Now().Add(time.Hour))
	good := redistls.NewAuthority(t).Files(t, time.Now().Add(time.Hour))
	first, err1 := os.ReadFile(old.CA)
	second, err2 := os.ReadFile(good.CA)
	bundle := filepath.Join(t.TempDir(), "bundle")
	if err := errors.Join(err1, err2, os.WriteFile(bundle, append(first, second...), 0o600)); err != nil {
		t.Fatal(err)
	}
	load(t, secure+"tls_ca_file: "+bundle+"\n", nil)
}
