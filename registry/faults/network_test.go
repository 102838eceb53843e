package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// proxied makes a fleet whose replicas each have a network of their own.
func proxied(t *testing.T, s *redistest.Server, o fleetOptions) (*fleet, []*proxy) {
	t.Helper()
	proxies := []*proxy{newProxy(t, s), newProxy(t, s), newProxy(t, s)}
	o.url = func(i int) string { return proxies[i].url() }
	return newFleet(t, s, o), proxies
}

// TestCutAfterReply loses the answer to each kind of write, one to four times in a row, each time with the connection
// and after the script has run. The write takes effect once, and its caller hears of success.
func TestCutAfterReply(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	p, ns, c := newProxy(t, s), redistest.Namespace(t), s.Admin(t)
	ctx := t.Context()
	r, err := registry.Open(ctx, p.url(), registry.Options{
		Namespace: ns, ReplicaID: "a", LeaseTTL: time.Hour, OperationTimeout: 30 * time.Second, Logger: quiet("a"),
	})
	must(t, err)
	defer r.Close()
	feed := "rollcall:{" + ns + "}:feed"
	for cuts := 1; cuts <= 4; cuts++ {
		for _, write := range []struct {
			verb string
			do   func() error
		}{
			{"register", func() error { return r.RegisterClient(ctx, "c", "p", infos(variants[0], fmt.Sprint("m", cuts))) }},
			{"quota", func() error { return r.SetModelQuotaExceeded(ctx, "c", "m-a") }},
			{"clear", func() error { return r.ClearModelQuotaExceeded(ctx, "c", "m-a") }},
			{"suspend", func() error { return r.SuspendClientModel(ctx, "c", "m-a", "manual") }},
			{"resume", func() error { return r.ResumeClientModel(ctx, "c", "m-a") }},
			{"register", func() error { return r.RegisterClient(ctx, "c", "q", infos(variants[1])) }},
			{"unregister", func() error { return r.UnregisterClient(ctx, "c") }},
			{"register", func() error { return r.RegisterClient(ctx, "c", "p", infos(variants[0])) }},
			{"quota", func() error { // a person's, for the client as a whole, so that the next ones leave fences
				return r.SetModelQuotaExceededUntil(registry.WithActor(ctx, "alice"), "c", "*", registry.QuotaLimit{RetryAfter: time.Hour})
			}},
			{"clear", func() error { return r.ClearModelQuotaExceeded(registry.WithActor(ctx, "bob"), "c", "*") }},
			{"suspend", func() error { return r.SuspendClientModelUntil(ctx, "c", "*", "401", time.Now().Add(time.Hour)) }},
			{"resume", func() error { return r.ResumeClientModelAsOf(ctx, "c", "*", r.Position()) }},
			{"release", func() error { return r.ReleaseClient(ctx, "c") }},
			{"register", func() error { return r.RegisterClient(ctx, "c", "p", infos(variants[0])) }},
			{"evict", func() error { return r.EvictClient(registry.WithActor(ctx, "alice"), "c") }},
		} {
			before, lost := c.XLen(ctx, feed).Val(), p.lostOf(write.verb)
			position := r.Position()
			p.cut(write.verb, cuts)
			must(t, write.do())
			after := c.XLen(ctx, feed).Val()
			if got := p.lostOf(write.verb) - lost; got != cuts || after != before+1 || r.Position().Revision != position.Revision+1 {
				t.Errorf("%s: %d answers lost, want %d; %d entries became %d, position %s became %s", write.verb, got, cuts,
					before, after, position, r.Position())
			}
		}
	}
	must(t, r.RegisterClient(ctx, "last", "p", infos(variants[0])))
	before := p.lostOf("release")
	p.cut("release", 2)
	must(t, r.Close())
	released := 0
	entries, err := c.XRange(ctx, feed, "-", "+").Result()
	must(t, err)
	for _, entry := range entries {
		if entry.Values["kind"] == "released" {
			released++
		}
	}
	if released != 5 || p.lostOf("release")-before != 2 { // four times the client alone
		t.Errorf("%d entries tell that the holds were given up; %d answers were lost", released, p.lostOf("release")-before)
	}
}

// TestCutWhileHealing loses the answers to what brings the clients back after a flush.
func TestCutWhileHealing(t *testing.T) {
	t.Parallel()
	f, proxies := proxied(t, redistest.Redis(t), fleetOptions{})
	before := 0
	for _, p := range proxies {
		before += p.doneBy("begin")
		for _, verb := range []string{"begin", "join", "assert", "offer"} {
			p.cut(verb, 2)
		}
	}
	f.fault(func() { must(t, f.redis.FlushAll(t.Context()).Err()) })
	f.notice()
	f.recovered(f.began, true)
	begun := -before
	for _, p := range proxies {
		begun += p.doneBy("begin")
	}
	if begun != 1 {
		t.Errorf("%d epochs were begun", begun)
	}
	f.settle()
}

// TestCutUnderLoad loses the answer to every seventh script that writes.
func TestCutUnderLoad(t *testing.T) {
	t.Parallel()
	f, proxies := proxied(t, redistest.Redis(t), fleetOptions{})
	f.fault(func() {
		for _, p := range proxies {
			p.cutEvery(7)
		}
	})
	f.warm()
	f.warm()
	for _, p := range proxies {
		p.cutEvery(0)
	}
	f.recovered(time.Now(), false)
	f.settle()
}

// TestResets breaks all connections again and again.
func TestResets(t *testing.T) {
	t.Parallel()
	f, proxies := proxied(t, redistest.Redis(t), fleetOptions{})
	f.fault(func() {})
	for range 10 {
		for _, p := range proxies {
			p.reset()
		}
		f.pass(30 * time.Millisecond)
	}
	f.recovered(time.Now(), false)
	f.settle()
}

// TestSlowNetwork delays every answer by 100 ms: slow, and not down.
func TestSlowNetwork(t *testing.T) {
	t.Parallel()
	f, proxies := proxied(t, redistest.Redis(t), fleetOptions{timeout: 10 * time.Second})
	f.fault(func() {
		for _, p := range proxies {
			p.delayAll(100 * time.Millisecond)
		}
	})
	f.warm()
	for _, p := range proxies {
		p.delayAll(0)
	}
	f.recovered(time.Now(), false)
	f.settle()
}

// TestBlackHole swallows all that one replica sends and is sent. It goes on alone, its lease ends, another replica
// takes over its client; when the network is back both hold it, and what was marked meanwhile stays.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	p, ns, ctx := newProxy(t, s), redistest.Namespace(t), t.Context()
	open := func(url, id string) *registry.ModelRegistry {
		r, err := registry.Open(ctx, url, registry.Options{
			Namespace: ns, ReplicaID: id, LeaseTTL: 3 * time.Second, OperationTimeout: operation, Logger: quiet(id),
		})
		must(t, err)
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	lonely, other := open(p.url(), "lonely"), open(s.URL(), "other")
	must(t, lonely.RegisterClient(ctx, "c", "p", infos(variants[0])))
	must(t, lonely.RegisterClient(ctx, "alone", "p", infos(variants[1], "only-alone")))
	must(t, lonely.SuspendClientModel(ctx, "c", "m-a", "manual"))
	must(t, other.Sync(ctx))

	p.hole()
	eventually(t, "the lease is over", func() error {
		if other.ClientSupportsModel("c", "m-a") || other.ClientSupportsModel("alone", "m-b") {
			return errors.New("the clients are still there")
		}
		return nil
	})
	eventually(t, "the replica has noticed", func() error {
		if h := lonely.Health(); h.Connected {
			return fmt.Errorf("%+v", h)
		}
		return nil
	})
	if !lonely.ClientSupportsModel("c", "m-a") || lonely.GetModelCount("only-alone") != 1 {
		t.Error("in the black hole the replica's own clients are gone")
	}
	must(t, other.RegisterClient(ctx, "c", "p", infos(variants[0])))
	must(t, other.SetModelQuotaExceeded(ctx, "c", "m-b"))
	if err := lonely.SetModelQuotaExceeded(ctx, "alone", "only-alone"); !errors.Is(err, registry.ErrPending) {
		t.Errorf("a write in the black hole: %v", err)
	}
	p.heal()
	for name, r := range map[string]*registry.ModelRegistry{"lonely": lonely, "other": other} {
		eventually(t, name+" shows both clients", func() error {
			h := r.Health()
			got := fmt.Sprint(h.Connected, h.Stale, h.Pending, r.ClientSupportsModel("c", "m-a"), r.ClientSupportsModel("alone", "m-b"),
				r.GetModelCount("m-a"), r.GetModelCount("m-b"), r.GetModelCount("only-alone"), r.Position() == other.Position())
			if want := fmt.Sprint(true, false, 0, true, true, 0, 1, 0, true); got != want {
				return fmt.Errorf("%s, want %s", got, want)
			}
			return nil
		})
	}
	record := s.Admin(t).HGet(ctx, "rollcall:{"+ns+"}:clients", "c").Val()
	if !strings.Contains(record, "other,lonely") {
		t.Errorf("the record of the client: %q", record)
	}
}

// TestLateRequests holds up what a replica sends until its caller was told that it waits, and delivers it then.
func TestLateRequests(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	p, ns := newProxy(t, s), redistest.Namespace(t)
	ctx := context.Background()
	r, err := registry.Open(ctx, p.url(), registry.Options{Namespace: ns, ReplicaID: "a", OperationTimeout: operation, Logger: quiet("a")})
	must(t, err)
	defer r.Close()
	must(t, r.RegisterClient(ctx, "c", "p", infos(variants[0])))
	must(t, r.SetModelQuotaExceeded(ctx, "c", "m-b"))
	p.hole()
	if err := r.SetModelQuotaExceeded(ctx, "c", "m-a"); !errors.Is(err, registry.ErrPending) {
		t.Fatalf("a write into the black hole: %v", err)
	}
	told := time.Now().UnixMilli()
	p.heal()
	eventually(t, "the write is replayed", func() error {
		if h := r.Health(); h.Pending > 0 || !h.Connected || h.Stale {
			return fmt.Errorf("%+v", h)
		}
		return nil
	})
	entries, err := s.Admin(t).XRevRangeN(ctx, "rollcall:{"+ns+"}:feed", "+", "-", 100).Result()
	must(t, err)
	found := 0
	for _, entry := range entries {
		if payload, _ := entry.Values["payload"].(string); entry.Values["kind"] == "mark" && strings.HasPrefix(payload, "c\x1dm-a\x1d") {
			found++
			nonce, _ := entry.Values["nonce"].(string)
			if deadlineOf(nonce) <= told {
				t.Errorf("the mark was written by the operation whose caller had been told: %s", nonce)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d entries about the mark", found)
	}
}

// TestRewrittenHistory sets Redis back to an earlier state, as a failover to a replica that lags does, while the only
// replica that has seen more cannot look. Another replica writes on until the revisions are past what the first one
// saw: epoch and revisions look unbroken then. What was acknowledged comes back all the same.
func TestRewrittenHistory(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	p, ns, ctx, c := newProxy(t, s), redistest.Namespace(t), t.Context(), s.Admin(t)
	open := func(url, id string) *registry.ModelRegistry {
		r, err := registry.Open(ctx, url, registry.Options{
			Namespace: ns, ReplicaID: id, LeaseTTL: time.Minute, OperationTimeout: operation, Logger: quiet(id),
		})
		must(t, err)
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	first := open(p.url(), "first")
	must(t, first.RegisterClient(ctx, "a", "p", infos(variants[0])))
	saved := map[string]string{}
	for _, key := range c.Keys(ctx, "rollcall:{"+ns+"}:*").Val() {
		saved[key] = c.Dump(ctx, key).Val()
	}
	must(t, first.RegisterClient(ctx, "b", "p", infos(variants[1])))
	must(t, first.SuspendClientModel(ctx, "a", "m-a", "manual"))
	seen := first.Position()
	p.hole()
	p.reset()
	must(t, c.Del(ctx, c.Keys(ctx, "rollcall:{"+ns+"}:*").Val()...).Err())
	for key, value := range saved {
		must(t, c.Restore(ctx, key, 0, value).Err())
	}
	other := open(s.URL(), "other")
	for i := 0; other.Position().Revision <= seen.Revision; i++ {
		must(t, other.RegisterClient(ctx, fmt.Sprintf("c%d", i), "p", infos(variants[2])))
	}
	p.heal()
	for name, r := range map[string]*registry.ModelRegistry{"first": first, "other": other} {
		eventually(t, name+" shows what was acknowledged", func() error {
			h := r.Health()
			got := fmt.Sprint(h.Connected, h.Stale, r.ClientSupportsModel("a", "m-a"), r.ClientSupportsModel("b", "m-b"),
				r.ClientSupportsModel("c0", "m-d"), r.GetModelCount("m-b"), h.Position == other.Position(), h.Position.Epoch != seen.Epoch)
			if want := fmt.Sprint(true, false, true, true, true, 2, true, true); got != want {
				return fmt.Errorf("%s, want %s", got, want)
			}
			return nil
		})
	}
}
