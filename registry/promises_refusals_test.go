package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestPromise17BadInputIsRefusedWithoutRedis asks a registry whose Redis is gone: bad input never gets that far.
func TestPromise17BadInputIsRefusedWithoutRedis(t *testing.T) {
	inBubble(t, testBadInput)
}

func testBadInput(t *testing.T, s *redistest.Server) {
	network, ctx := &mute{}, t.Context()
	r := openOn(t, network.client(t, s), "ns", "a", registry.Options{})
	network.on.Store(true)
	began := time.Now()
	register := func(client, provider string, models ...*registry.ModelInfo) error {
		return r.RegisterClient(ctx, client, provider, models)
	}
	m, many := &registry.ModelInfo{ID: "m"}, named(strings.Split(strings.Repeat("m,", 1001), ",")...)
	long := func(bytes int) string { return strings.Repeat("x", bytes+1) }
	described := &registry.ModelInfo{ID: "m", Description: long(64 << 10)}
	var big []*registry.ModelInfo
	for _, id := range strings.Split(strings.Repeat("m ", 70), " ") {
		big = append(big, &registry.ModelInfo{ID: id + "-" + long(len(big)), Description: long(64<<10 - 2)})
	}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"empty client":         {register("", "p", m), "clientID"},
		"long client":          {register(long(512), "p", m), "clientID"},
		"client with a tab":    {register("a\tb", "p", m), "clientID"},
		"client not UTF-8":     {register("a\xff", "p", m), "clientID"},
		"long provider":        {register("c", long(128), m), "clientProvider"},
		"provider with a line": {register("c", "p\n", m), "clientProvider"},
		"long model":           {register("c", "p", m, &registry.ModelInfo{ID: long(512)}), "models[1].id"},
		"all models":           {register("c", "p", &registry.ModelInfo{ID: "*"}), "models[0].id"},
		"long description":     {register("c", "p", described), "models[0].description"},
		"name not UTF-8":       {register("c", "p", &registry.ModelInfo{ID: "m", Name: "\xff"}), "models[0].name"},
		"too many models":      {register("c", "p", many...), "models"},
		"too large a catalog":  {register("c", "p", big...), "models"},
		"quota, empty model":   {r.SetModelQuotaExceeded(ctx, "c", ""), "modelID"},
		"clear, no client":     {r.ClearModelQuotaExceeded(ctx, "", "m"), "clientID"},
		"suspend, long reason": {r.SuspendClientModel(ctx, "c", "m", long(1<<10)), "reason"},
		"resume, bad model":    {r.ResumeClientModel(ctx, "c", "\x00"), "modelID"},
		"unregister nobody":    {r.UnregisterClient(ctx, ""), "clientID"},
		"namespace":            {open("redis://localhost", registry.Options{Namespace: "a b"}), "Options.Namespace"},
		"replica":              {open("redis://localhost", registry.Options{ReplicaID: "a/b"}), "Options.ReplicaID"},
		"lease":                {open("redis://localhost", registry.Options{LeaseTTL: 1}), "Options.LeaseTTL"},
		"window":               {open("redis://localhost", registry.Options{QuotaWindow: -1}), "Options.QuotaWindow"},
		"timeout":              {open("redis://x", registry.Options{OperationTimeout: -1}), "Options.OperationTimeout"},
		"no URL":               {open("localhost:6379", registry.Options{}), "redis URL"},
		"scheme":               {open("http://localhost", registry.Options{}), "redis URL"},
		"parameter":            {open("redis://localhost/0?colour=blue", registry.Options{}), "redis URL"},
		"sentinel, no name":    {open("redis+sentinel://localhost", registry.Options{}), "redis URL"},
	} {
		var invalid *registry.InvalidError
		if !errors.As(c.err, &invalid) || invalid.Field != c.field || !errors.Is(c.err, registry.ErrInvalid) {
			t.Errorf("%s: error %v, want one that names %s", name, c.err, c.field)
		}
	}
	if h := r.Health(); h.Pending != 0 || time.Since(began) > 0 {
		t.Errorf("%d writes wait; the refusals took %v", h.Pending, time.Since(began))
	}
}

// open only fails.
func open(url string, o registry.Options) error {
	r, err := registry.Open(context.Background(), url, o)
	if err == nil {
		_ = r.Close()
	}
	return err
}

// TestPromise18ServersThatCannotServeAreNamed: data of a newer version, missing rights, a wrong password.
func TestPromise18ServersThatCannotServeAreNamed(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t, redistest.Options{Password: "right"})
	ctx, c := t.Context(), s.Admin(t)
	must(t, c.HSet(ctx, "rollcall:{future}:meta", "schema", "2", "epoch", "e", "rev", "1", "tail", "t").Err())
	must(t, c.Do(ctx, "ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+ping", "+hello").Err())
	as := func(user, password, namespace string) error {
		options := s.Options()
		options.Username, options.Password = user, password
		client := redis.NewUniversalClient(options)
		defer client.Close()
		r, err := registry.New(ctx, client, registry.Options{Namespace: namespace, OperationTimeout: unhurried, Logger: silence()})
		if err == nil {
			_ = r.Close()
		}
		return err
	}
	for name, c := range map[string]struct{ err, want error }{
		"newer schema":   {as("", "right", "future"), registry.ErrSchema},
		"missing rights": {as("reader", "secret", "ns"), registry.ErrUnsafeServer},
		"wrong password": {as("", "wrong", "ns"), registry.ErrInvalid},
	} {
		if !errors.Is(c.err, c.want) || strings.Contains(c.err.Error(), "secret") {
			t.Errorf("%s: error %v, want %v", name, c.err, c.want)
		}
	}
}
