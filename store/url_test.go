package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const secret = "s3cr3t"

func TestGoodURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis://localhost",
		"redis://localhost:6379",
		"redis://localhost:6379/3",
		"redis://:s3cr3t@localhost",
		"redis://user:s3cr3t@[::1]:6379/0?dial_timeout=3s",
		"rediss://localhost",
		"unix:///run/redis.sock",
		"unix://user:s3cr3t@/run/redis.sock?db=2",
		"redis+cluster://a:1?addr=b:2&addr=c:3",
		"rediss+cluster://user:s3cr3t@a:1",
		"redis+sentinel://a:1?master_name=m",
		"redis+sentinel://a:1/2?master_name=m&addr=b:2&addr=c:3",
		"rediss+sentinel://user:s3cr3t@a:1?master_name=m",
	} {
		commands, feed, err := dial(url, nil)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if err := errors.Join(commands.Close(), feed.Close()); err != nil {
			t.Errorf("%s: closing: %v", url, err)
		}
	}
}

func TestBadURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, says string }{
		{"", "redis://"},
		{secret, "redis://"},
		{"localhost:6379", "redis://"},
		{":s3cr3t@localhost", "redis://"},
		{"http://:s3cr3t@localhost", `"http"`},
		{"redis+", "redis://"},
		{"redis+shard://:s3cr3t@localhost", `"shard"`},
		{"http+cluster://:s3cr3t@localhost", `"http+cluster"`},
		{"unix+cluster://:s3cr3t@localhost", `"unix+cluster"`},
		{"redis://:s3cr3t@local host", ""},
		{"redis://:s3cr3t%@localhost", ""},
		{"redis://:s3cr3t@localhost:port", ""},
		{"redis://:s3cr3t@localhost/three", "three"},
		{"redis://:s3cr3t@localhost/s3cr3t", "xxxxx"},
		{"redis://:s3cr3t@localhost/3/4", ""},
		{"redis://:s3cr3t@localhost?dial_timeuot=3s", "dial_timeuot"},
		{"redis://:s3cr3t@localhost?dial_timeout=soon", "soon"},
		{"redis://:s3cr3t@localhost?password=s3cr3t", "password"},
		{"unix://", ""},
		{"redis+cluster://:s3cr3t@localhost?adr=b:2", "adr"},
		{"redis+cluster://:s3cr3t@localhost?read_only=true", "replicas"},
		{"redis+cluster://:s3cr3t@localhost?route_by_latency=true", "replicas"},
		{"redis+cluster://:s3cr3t@localhost?route_randomly=true", "replicas"},
		{"redis+cluster://:s3cr3t@localhost?addr=u:s3cr3t@b:2", "addr"},
		{"redis+cluster://localhost?addr=b:2&addr=s3cr3t@c:3", "addr"},
		{"redis+sentinel://localhost?master_name=m&addr=s3cr3t%40c:3", "addr"},
		{"redis+sentinel://localhost?master_name=m&password=s3cr3t&db=s3cr3t", "xxxxx"},
		{"redis://localhost?db=u:s3cr3t@h", "xxxxx"},
		{"redis+sentinel://:s3cr3t@localhost", "master_name"},
		{"redis+sentinel://:s3cr3t@localhost?master_name=m&adr=b:2", "adr"},
		{"redis+sentinel://:s3cr3t@localhost?master_name=m&replica_only=true", "replicas"},
		{"redis+sentinel://:s3cr3t@localhost?master_name=m&route_by_latency=true", "replicas"},
	} {
		_, err := Open(c.url, Options{Namespace: "n", Replica: "r"})
		var invalid *InvalidError
		if !errors.As(err, &invalid) || !errors.Is(err, ErrInvalid) || invalid.Field != "redis URL" {
			t.Errorf("%q: %v", c.url, err)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %q does not say %q", c.url, err, c.says)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %q tells the password", c.url, err)
		}
	}
}

// Repeating is the store's own business, deadlines are the caller's, and nothing waits for ever.
func TestURLSettings(t *testing.T) {
	t.Parallel()
	commands, feed, err := dial("redis://localhost?read_timeout=7s&pool_size=9&max_retries=5", nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, client := range map[string]redis.UniversalClient{"commands": commands, "feed": feed} {
		o := client.(*redis.Client).Options()
		pool := 9
		if what == "feed" {
			pool = feedPoolSize
		}
		if o.MaxRetries > 0 || !o.ContextTimeoutEnabled || o.ReadTimeout != 7*time.Second || o.DialTimeout != dialTimeout ||
			o.PoolTimeout != poolTimeout || o.WriteTimeout != replyTimeout || o.PoolSize != pool {
			t.Errorf("%s: %+v", what, o)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	commands, feed, err = dial("redis+cluster://a:1?addr=b:2", nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, client := range map[string]redis.UniversalClient{"commands": commands, "feed": feed} {
		o := client.(*redis.ClusterClient).Options()
		if o.ClusterStateReloadInterval != time.Second || !slices.Equal(o.Addrs, []string{"a:1", "b:2"}) {
			t.Errorf("%s: reloads every %v, %v", what, o.ClusterStateReloadInterval, o.Addrs)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMaskURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://localhost:6379/3":                                        "redis://localhost:6379/3",
		"redis://:s3cr3t@localhost":                                       "redis://:xxxxx@localhost",
		"redis://user:s3cr3t@localhost?db=1":                              "redis://user:xxxxx@localhost?db=1",
		"redis://user:s3@cr3t@localhost":                                  "redis://user:xxxxx@localhost",
		"redis://s3cr3t@localhost":                                        "redis://xxxxx@localhost",
		"redis://s3cr3t:@localhost":                                       "redis://xxxxx@localhost",
		"redis+sentinel://a:1?z=1&master_name=m":                          "redis+sentinel://a:1?z=1&master_name=m",
		"redis+sentinel://a:1?master_name=m&sentinel_password=s3cr3t&db=": "redis+sentinel://a:1?master_name=m&sentinel_password=xxxxx&db=",
		"redis+sentinel://a:1?username=u&Pass%77ord=s3cr3t":               "redis+sentinel://a:1?username=u&Pass%77ord=xxxxx",
		"redis+sentinel://a:1?password=s3&password=cr3t":                  "redis+sentinel://a:1?password=xxxxx&password=xxxxx",
		"redis+cluster://u:s3cr3t@a:1?addr=u:s3cr3t@b:2&addr=c:3":         "redis+cluster://u:xxxxx@a:1?addr=xxxxx@b:2&addr=c:3",
		"redis+cluster://a:1?addr=u%3As3cr3t%40b:2":                       "redis+cluster://a:1?addr=xxxxx%40b:2",
		"redis+cluster://a:1?addr=redis://s3@cr3t@b:2":                    "redis+cluster://a:1?addr=xxxxx@b:2",
		"redis+cluster://a:1?addr=s3cr3t%zz":                              "redis+cluster://a:1?addr=xxxxx",
		"redis://:s3cr3t%@localhost":                                      "(not a URL)",
		"redis://loc alhost:s3cr3t":                                       "(not a URL)",
		"redis://u:123/s3cr3t@localhost":                                  "(not a URL)",
		"redis://u:123?s3cr3t@localhost":                                  "(not a URL)",
		"redis://u:123#s3cr3t@localhost":                                  "(not a URL)",
		"redis://u:s@3/s3cr3t@localhost":                                  "(not a URL)",
		"":                                                                "(not a URL)",
	} {
		if got := MaskURL(url); got != want {
			t.Errorf("%q is shown as %q, want %q", url, got, want)
		}
	}
}

func TestNewTakesOnlyClientsItKnows(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{})
	defer ring.Close()
	var invalid *InvalidError
	if _, err := New(ring, Options{}); !errors.As(err, &invalid) || invalid.Field != "client" {
		t.Errorf("a ring: %v", err)
	}
}
