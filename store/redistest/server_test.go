package redistest

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestEachServerAnswersAtItsURL(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		if want := "redis://" + s.Addr(); s.URL() != want {
			t.Errorf("URL is %q, not %q", s.URL(), want)
		}
		opts, err := redis.ParseURL(s.URL())
		ok(t, err)
		byURL := redis.NewClient(opts)
		defer byURL.Close()
		ok(t, byURL.Set(t.Context(), "key", "value", 0).Err())
		if got, err := s.Client(t).Get(t.Context(), "key").Result(); got != "value" || err != nil {
			t.Errorf("Client reads %q, %v", got, err)
		}
	})
}

func TestKindTellsServersApart(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, s *Server) {
		real := s.Kind() == "redis"
		if !real && s.Kind() != "miniredis" {
			t.Errorf("Kind is %q", s.Kind())
		}
		if (s.PID() != 0) != real || (s.Miniredis() == nil) != real {
			t.Errorf("a %s has PID %d and miniredis %p", s.Kind(), s.PID(), s.Miniredis())
		}
		if len(s.Addrs()) != 1 || s.Addrs()[0] != s.Addr() {
			t.Errorf("Addrs are %v, Addr is %s", s.Addrs(), s.Addr())
		}
	})
}

func TestPasswordIsDemandedAndGiven(t *testing.T) {
	t.Parallel()
	s := Redis(t, Options{Password: "a/b@c"})
	ok(t, s.Client(t).Ping(t.Context()).Err())
	opts, err := redis.ParseURL(s.URL())
	ok(t, err)
	byURL := redis.NewClient(opts)
	defer byURL.Close()
	ok(t, byURL.Ping(t.Context()).Err())

	without := s.Options()
	without.Password = ""
	stranger := redis.NewUniversalClient(without)
	defer stranger.Close()
	if err := stranger.Ping(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") {
		t.Errorf("without the password: %v", err)
	}
}

func TestConfigReachesTheServer(t *testing.T) {
	t.Parallel()
	s := Redis(t, Options{Config: []string{"--maxmemory-policy", "allkeys-lru"}})
	got, err := s.Client(t).ConfigGet(t.Context(), "maxmemory-policy").Result()
	if err != nil || got["maxmemory-policy"] != "allkeys-lru" {
		t.Errorf("the server has %v, %v", got, err)
	}
}

func TestSharedIsOneServer(t *testing.T) {
	t.Parallel()
	s := Shared(t)
	if s != Shared(t) {
		t.Error("Shared returned two servers")
	}
	EachShared(t, func(t *testing.T, each *Server) {
		if each.Kind() == "redis" && each != s {
			t.Error("EachShared has another server")
		}
		ok(t, each.Client(t).Set(t.Context(), Namespace(t), "value", 0).Err())
	})
}

func TestNamespaceIsPlainAndUnique(t *testing.T) {
	t.Parallel()
	t.Run("odd name: ä {x}/"+strings.Repeat("long", 50), func(t *testing.T) {
		a, b := Namespace(t), Namespace(t)
		if a == b {
			t.Errorf("twice %q", a)
		}
		plain := func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
		}
		if strings.ContainsFunc(a, plain) || len(a) > 80 || !strings.HasPrefix(a, "TestNamespace") {
			t.Errorf("Namespace is %q", a)
		}
	})
}
