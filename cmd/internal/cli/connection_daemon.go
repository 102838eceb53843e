package cli

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// openDaemon prepares the way to a daemon. Nothing is sent yet.
func (c *connection) openDaemon(cmd *cobra.Command) (*viaDaemon, error) {
	base, err := url.Parse(c.server)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.RawQuery != "" || base.User != nil {
		// It is not repeated: it may hold a password.
		return nil, usage("--server must be the URL of a daemon, such as http://127.0.0.1:8420")
	}
	token, err := c.bearer()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := c.daemonTLS(base)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = tlsConfig
	log := newLogger(&config.Config{LogLevel: cmp.Or(os.Getenv("ROLLCALL_LOG_LEVEL"), "warn")}, cmd.ErrOrStderr())
	client := &http.Client{Transport: transport, CheckRedirect: asAnswered}
	return &viaDaemon{base: base, token: token, client: client, log: log}, nil
}

// asAnswered follows no redirect, which would make a read of a write and take the token elsewhere.
func asAnswered(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// bearer is the token for the daemon; "" for none.
func (c *connection) bearer() (string, error) {
	token, err := c.statedToken()
	if err == nil && strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		err = usage("the token for the daemon must consist of ASCII characters without spaces") // it is not repeated
	}
	return token, err
}

func (c *connection) statedToken() (string, error) {
	if c.token != "" && c.tokenFile != "" {
		return "", usage("--token and --token-file say the same; give one of them")
	}
	if c.tokenFile == "" {
		return cmp.Or(c.token, strings.TrimSpace(os.Getenv("ROLLCALL_TOKEN"))), nil
	}
	data, err := os.ReadFile(c.tokenFile)
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return "", usage("--token-file: %s cannot be read: %w", c.tokenFile, err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", usage("--token-file: %s is empty; it must hold a token", c.tokenFile)
	}
	return token, nil
}

// daemonTLS is how to speak TLS with the daemon: as the flags say; the environment's files are those for Redis.
func (c *connection) daemonTLS(base *url.URL) (*tls.Config, error) {
	files := config.Config{TLSCAFile: c.ca, TLSCertFile: c.cert, TLSKeyFile: c.key}
	if files.TLSCAFile+files.TLSCertFile+files.TLSKeyFile == "" {
		return nil, nil
	}
	if base.Scheme != "https" {
		return nil, usage("files for TLS are given, but --server asks for none; its URL must begin with https://")
	}
	tlsConfig, err := files.TLSFiles()
	if err != nil {
		return nil, fmt.Errorf("daemon at %s: %w", base.Redacted(), err)
	}
	return tlsConfig, nil
}
