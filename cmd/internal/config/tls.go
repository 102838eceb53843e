package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"
)

// TLS returns how to connect to a Redis with TLS; nil means as the system does, or without TLS if the URL says so. The
// error is an *Error without a source.
func (c *Config) TLS() (*tls.Config, error) {
	key := c.firstTLSKey()
	if key == "" {
		return nil, nil
	}
	if !strings.HasPrefix(c.RedisURL, "rediss") {
		return nil, &Error{Field: key, Problem: "is set, but redis_url asks for no TLS; must begin with rediss://, rediss+cluster:// or rediss+sentinel://"}
	}
	return c.TLSFiles()
}

// TLSFiles returns how to connect to a server of any kind with the settings' files. The error is an *Error without a
// source.
func (c *Config) TLSFiles() (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLSCAFile != "" {
		pool, problem := readAuthorities(c.TLSCAFile)
		if problem != "" {
			return nil, &Error{Field: "tls_ca_file", Problem: c.TLSCAFile + " " + problem}
		}
		settings.RootCAs = pool
	}
	if c.TLSCertFile != "" || c.TLSKeyFile != "" {
		own := keyPair{"tls_cert_file", c.TLSCertFile, "tls_key_file", c.TLSKeyFile}
		if _, err := own.load(); err != nil {
			return nil, err
		}
		// Read anew for every connection, so that a renewed one needs no restart.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return own.load()
		}
	}
	return settings, nil
}

// firstTLSKey is the first setting of TLS that is stated; "" for none.
func (c *Config) firstTLSKey() string {
	switch {
	case c.TLSCAFile != "":
		return "tls_ca_file"
	case c.TLSCertFile != "":
		return "tls_cert_file"
	case c.TLSKeyFile != "":
		return "tls_key_file"
	}
	return ""
}

// readAuthorities reads a bundle, in which some may have expired, but not all.
func readAuthorities(path string) (pool *x509.CertPool, problem string) {
	authorities, problem := readCertificates(path)
	if problem != "" {
		return nil, problem
	}
	pool = x509.NewCertPool()
	inForce := false
	for _, authority := range authorities {
		pool.AddCert(authority)
		inForce = inForce || dateProblem(authority) == ""
	}
	if !inForce {
		return nil, dateProblem(authorities[0])
	}
	return pool, ""
}

// readCertificates reads a PEM file of one certificate or more.
func readCertificates(path string) (certificates []*x509.Certificate, problem string) {
	data, problem := readPEM(path)
	if problem != "" {
		return nil, problem
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "holds a damaged certificate: " + strings.TrimPrefix(err.Error(), "x509: ")
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return nil, "holds no certificate"
	}
	return certificates, ""
}

// dateProblem says why a certificate is not in force.
func dateProblem(certificate *x509.Certificate) string {
	switch now := time.Now(); {
	case now.After(certificate.NotAfter):
		return "expired on " + certificate.NotAfter.UTC().Format(time.DateTime) + " UTC"
	case now.Before(certificate.NotBefore):
		return "is not valid before " + certificate.NotBefore.UTC().Format(time.DateTime) + " UTC"
	}
	return ""
}

func readPEM(path string) (data []byte, problem string) {
	data, err := os.ReadFile(path)
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, "cannot be read: " + err.Error()
	}
	if block, _ := pem.Decode(data); block == nil {
		return nil, "is not a PEM file"
	}
	return data, ""
}

// checkTLS says of an error in the settings of TLS where they were stated.
func (c *Config) checkTLS(sources map[string]source) error {
	_, err := c.TLS()
	if err == nil {
		_, err = c.ListenTLS(func(error) {})
	}
	var refused *Error
	if errors.As(err, &refused) {
		refused.Source = sources[refused.Field].name
	}
	return err
}
