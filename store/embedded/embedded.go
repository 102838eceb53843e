// Package embedded runs a Redis inside this process: no port, no file, nothing to install. Its data lives as long as
// the process, and no other process can reach it. It is for trying Rollcall out, for examples and for tests.
package embedded

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ErrClosed is what a client of a closed Server gets when it connects.
var ErrClosed = errors.New("the embedded Redis is closed")

// Server is a running in-process Redis. Its methods may be called from several goroutines.
type Server struct {
	redis *miniredis.Miniredis

	mu      sync.Mutex
	closed  bool
	clients []*redis.Client
}

// Start returns a running, empty server, whose keys expire by the clock as those of a real Redis do.
func Start() (*Server, error) {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	first, err := m.Dial() // the first connection is what starts it
	if err != nil {
		return nil, err
	}
	if err := first.Close(); err != nil {
		m.Close()
		return nil, err
	}
	return &Server{redis: m}, nil
}

// Client returns a new client of the server. Every client sees the same data. A client sends each command once (no
// retries) and obeys the deadline of its context. Whoever asked for it may close it; Close of the server does
// otherwise.
func (s *Server) Client() redis.UniversalClient {
	c := redis.NewClient(&redis.Options{
		Addr:                     "embedded",
		Dialer:                   s.dial,
		MaxRetries:               -1,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
	return c
}

// Close closes the clients and stops the server; the data is gone. Closing again does nothing. The error is nil today.
func (s *Server) Close() error {
	s.mu.Lock()
	clients := s.clients
	s.closed, s.clients = true, nil
	s.mu.Unlock()
	for _, c := range clients {
		_ = c.Close() // says only whether its owner closed it before
	}
	s.redis.Close()
	return nil
}

// dial holds the lock throughout: a connection made after Close would start the server again.
func (s *Server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	return s.redis.Dial()
}
