package store

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// whyCut finds out why a server closes connections without TLS: it may want TLS, or be a proxy that closes them upon a
// command it does not know. It returns a hint for people, "" where the server cannot be reached now.
func whyCut(ctx context.Context, dial func(context.Context) (net.Conn, error)) string {
	if answersPing(ctx, dial) {
		return "the server answers a PING alone, and closes the connection upon another command of its start, such as " +
			"HELLO; a proxy that does not know a command does so: connect to Redis itself"
	}
	speaksTLS, err := tryTLS(ctx, dial)
	var plain tls.RecordHeaderError
	switch {
	case speaksTLS:
		return "the server speaks TLS; the URL must start with rediss://"
	case errors.As(err, &plain), isCut(err):
		return "the server does not speak TLS either; a proxy without a server behind it does so, and one that does not know " +
			"a command such as HELLO or PING: connect to Redis itself"
	case isTimeout(err):
		return "a server that wants TLS does so, and its URL starts with rediss://; so does a proxy that does not know a command"
	}
	return ""
}

// tryTLS reports whether a server takes part in a TLS handshake, whatever comes of it. The handshake shows the server
// nothing but that somebody asks, so nothing has to be verified.
func tryTLS(ctx context.Context, dial func(context.Context) (net.Conn, error)) (speaks bool, err error) {
	conn, err := dialBriefly(ctx, dial)
	if err != nil {
		return false, err
	}
	defer conn.Close() // nothing was exchanged
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).Handshake()
	var alert *net.OpError
	return err == nil || errors.As(err, &alert) && alert.Op == "remote error", err
}

// answersPing reports whether a server answers, in the protocol of Redis, a PING that comes first.
func answersPing(ctx context.Context, dial func(context.Context) (net.Conn, error)) bool {
	conn, err := dialBriefly(ctx, dial)
	if err != nil {
		return false
	}
	defer conn.Close() // the answer is all there is
	if _, err := io.WriteString(conn, "*1\r\n$4\r\nPING\r\n"); err != nil {
		return false
	}
	first := make([]byte, 1)
	_, err = io.ReadFull(conn, first)
	return err == nil && (first[0] == '+' || first[0] == '-') // be it that it wants a password first
}

// dialBriefly makes a connection that lasts for half of the context's time.
func dialBriefly(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	conn, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(budget(ctx) / 2)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
