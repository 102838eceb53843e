package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// handshakeError turns an error of a first call into an *InvalidError where TLS is the reason: it does not pass by
// itself.
func (s *Store) handshakeError(ctx context.Context, err error) error {
	settings, dial := s.transport()
	cut := isCut(err)
	if settings == nil {
		if !cut {
			return err
		}
		if hint := whyCut(ctx, dial); hint != "" {
			return fmt.Errorf("%w (%s)", err, hint)
		}
		return err
	}
	if cut {
		// With TLS 1.3 a server refuses a client's certificate after the handshake, and what it says may be lost when
		// it is sent something meanwhile.
		if told := listen(ctx, dial); told != nil {
			err = fmt.Errorf("%w: %w", told, err) // in this order: what is looked for below may be in both
		}
	}
	if isTimeout(err) {
		return fmt.Errorf("%w (a server that takes connections but never answers may not speak TLS)", err)
	}
	var untrusted *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var alert *net.OpError
	switch {
	case errors.As(err, &untrusted):
		return &InvalidError{tlsField(settings), "the server's certificate is not accepted: " + untrusted.Err.Error()}
	case errors.As(err, &plain):
		return &InvalidError{"redis URL", "asks for TLS, which the server does not speak at this address"}
	case errors.As(err, &alert) && alert.Op == "remote error":
		problem := "the server refused the TLS handshake: " + alert.Err.Error()
		if len(settings.Certificates) == 0 && settings.GetClientCertificate == nil {
			problem += "; it may want a client certificate, and none is set"
		}
		return &InvalidError{tlsField(settings), problem}
	}
	return err
}

// tlsField is where settings of TLS come from.
func tlsField(settings *tls.Config) string {
	if settings.RootCAs == nil && len(settings.Certificates) == 0 && settings.GetClientCertificate == nil {
		return "redis URL"
	}
	return "Options.TLS"
}

// transport is how the store's connections are made; settings nil means without TLS.
func (s *Store) transport() (settings *tls.Config, dial func(context.Context) (net.Conn, error)) {
	switch client := s.client.(type) {
	case *redis.Client:
		o := client.Options()
		return o.TLSConfig, func(ctx context.Context) (net.Conn, error) { return o.Dialer(ctx, o.Network, o.Addr) }
	case *redis.ClusterClient:
		o := client.Options()
		dialer := o.Dialer
		if dialer == nil {
			dialer = redis.NewDialer(&redis.Options{TLSConfig: o.TLSConfig, DialTimeout: o.DialTimeout})
		}
		return o.TLSConfig, func(ctx context.Context) (net.Conn, error) { return dialer(ctx, "tcp", o.Addrs[0]) }
	}
	return nil, nil
}

// listen connects and returns what the server objects to; nil when it waits for us to speak.
func listen(ctx context.Context, dial func(context.Context) (net.Conn, error)) error {
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // it was only listened to
	if err := conn.SetReadDeadline(time.Now().Add(budget(ctx))); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if isTimeout(err) {
		return nil
	}
	return err
}

func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
