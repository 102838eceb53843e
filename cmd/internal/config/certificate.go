package config

import (
	"crypto/tls"
	"os"
	"strings"
	"sync"
)

// keyPair is a certificate with its key, in files that two settings name.
type keyPair struct{ certSetting, certFile, keySetting, keyFile string }

// load reads the files. What is wrong is an *Error without a source.
func (p keyPair) load() (*tls.Certificate, error) {
	if p.keyFile == "" {
		return nil, &Error{Field: p.certSetting, Problem: "is set without " + p.keySetting + "; they belong together"}
	}
	if p.certFile == "" {
		return nil, &Error{Field: p.keySetting, Problem: "is set without " + p.certSetting + "; they belong together"}
	}
	own, problem := readCertificates(p.certFile)
	if problem == "" {
		problem = dateProblem(own[0])
	}
	if problem != "" {
		return nil, &Error{Field: p.certSetting, Problem: p.certFile + " " + problem}
	}
	if _, problem := readPEM(p.keyFile); problem != "" {
		return nil, &Error{Field: p.keySetting, Problem: p.keyFile + " " + problem}
	}
	pair, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return nil, &Error{Field: p.keySetting, Problem: p.keyFile + " does not fit " + p.certFile + ": " +
			strings.TrimPrefix(err.Error(), "tls: ")}
	}
	return &pair, nil
}

// ListenTLS returns how the HTTP server speaks TLS; nil: it does not. The certificate is read again when its files have
// changed; one that cannot be used is told to report, once, and the last good one stays. The error is an *Error without
// a source.
func (c *Config) ListenTLS(report func(error)) (*tls.Config, error) {
	pair := keyPair{"listen_tls_cert_file", c.ListenTLSCertFile, "listen_tls_key_file", c.ListenTLSKeyFile}
	if pair.certFile == "" && pair.keyFile == "" {
		return nil, nil
	}
	renewed := &renewedPair{pair: pair, report: report}
	renewed.seen = renewed.state()
	var err error
	if renewed.current, err = pair.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return renewed.get(), nil },
	}, nil
}

// renewedPair is a certificate that is replaced while it is in use.
type renewedPair struct {
	pair   keyPair
	report func(error)

	mu      sync.Mutex
	current *tls.Certificate
	seen    filePair // when they were read last
}

// filePair tells, without reading them, whether the two files may have changed. nil for one that is not there.
type filePair [2]os.FileInfo

func (r *renewedPair) state() (state filePair) {
	for i, path := range []string{r.pair.certFile, r.pair.keyFile} {
		if info, err := os.Stat(path); err == nil {
			state[i] = info
		}
	}
	return state
}

// same also asks whether a path names another file now: times alone are too coarse to tell two that were written
// together, and a link may be set to an older one.
func (f filePair) same(other filePair) bool {
	for i, a := range f {
		b := other[i]
		if (a == nil) != (b == nil) || a != nil && !(os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()) {
			return false
		}
	}
	return true
}

// get returns the certificate. A renewal writes two files, one after the other: between them they do not fit.
func (r *renewedPair) get() *tls.Certificate {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := r.state()
	if state.same(r.seen) {
		return r.current
	}
	r.seen = state // before reading: what changes after this is news
	next, err := r.pair.load()
	if err != nil {
		r.report(err)
		return r.current
	}
	r.current = next
	return next
}
