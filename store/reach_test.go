package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// opened is a store of a URL, closed at the end of the test.
func opened(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(url, Options{Namespace: redistest.Namespace(t), Replica: "r"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// asks are one call of each kind that a store makes: to find out how an error comes back.
var asks = map[string]func(ctx context.Context, s *Store) error{
	"CheckConnection": func(ctx context.Context, s *Store) error { return s.CheckConnection(ctx) },
	"Head":            func(ctx context.Context, s *Store) error { _, err := s.Head(ctx); return err },
	"Trace":           func(ctx context.Context, s *Store) error { _, err := s.Trace(ctx); return err },
	"Register": func(ctx context.Context, s *Store) error {
		_, err := s.Register(ctx, registration("c", "p", "m"))
		return err
	},
	"Snapshot": func(ctx context.Context, s *Store) error { _, err := s.Snapshot(ctx); return err },
	"Catalogs": func(ctx context.Context, s *Store) error { _, err := s.Catalogs(ctx, []string{"d"}); return err },
	"Assert": func(ctx context.Context, s *Store) error {
		return s.Assert(ctx, []Assertion{{Client: "c", Catalog: list("m")}}, Position{})
	},
	"Answers":   func(ctx context.Context, s *Store) error { return s.Answers(ctx) },
	"ProbeFeed": func(ctx context.Context, s *Store) error { return s.ProbeFeed(ctx) },
	"Next": func(ctx context.Context, s *Store) error {
		_, err := s.Follow(Position{}, s.Head).Next(ctx)
		return err
	},
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Password: "right"})
	for name, url := range map[string]string{
		"wrong":      "redis://:wr0ng@" + server.Addr(),
		"none":       "redis://" + server.Addr(),
		"wrong user": "redis://nobody:wr0ng@" + server.Addr(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for ask, f := range asks {
				err := f(t.Context(), opened(t, url))
				var invalid *InvalidError
				if !errors.Is(err, ErrInvalid) || !errors.As(err, &invalid) || invalid.Field != "redis URL" {
					t.Errorf("%s: %v", ask, err)
				} else if strings.Contains(err.Error(), "wr0ng") {
					t.Errorf("%s: %v tells the password", ask, err)
				}
			}
		})
	}
	s := opened(t, server.URL())
	if err := s.CheckConnection(t.Context()); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestPasswordWhereNoneIsSet(t *testing.T) {
	t.Parallel()
	s := opened(t, "redis://user:s3cr3t@"+redistest.Shared(t).Addr())
	if err := s.CheckConnection(t.Context()); !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), secret) {
		t.Errorf("%v", err)
	}
}

func TestUnknownDatabase(t *testing.T) {
	t.Parallel()
	s := opened(t, redistest.Shared(t).URLFor(t, redistest.OtherDatabases)+"/9999")
	if err := s.CheckConnection(t.Context()); !errors.Is(err, ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// Where nobody listens, every call fails as unavailable before its time is over.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, "127.0.0.1:1")
	proxy.Cut()
	s := opened(t, "redis://"+proxy.Addr())
	for ask, f := range asks {
		t.Run(ask, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := f(ctx, s); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%v", err)
			}
		})
	}
}

// blackHole is a server that takes everything and answers nothing.
func blackHole(t *testing.T) *redis.Client {
	client := redis.NewClient(&redis.Options{
		MaxRetries: -1, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				for buf := make([]byte, 1<<10); ; {
					if _, err := theirs.Read(buf); err != nil {
						return
					}
				}
			}()
			return ours, nil
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Where nobody answers, every call ends when its time is over, and not later.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	for ask, f := range asks {
		t.Run(ask, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, err := New(blackHole(t), Options{Namespace: "n", Replica: "r"})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				if err := f(ctx, s); !errors.Is(err, ErrUnavailable) {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %v of the second it had", took)
				}
			})
		})
	}
}

// A call with a context that is over is not sent.
func TestContextIsOver(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		if _, err := s.a.Register(ctx, registration("c", "p", "m")); err == nil {
			t.Error("no error")
		}
		s.changed("")
	})
}
