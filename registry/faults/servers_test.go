package faults

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// TestNothing is the load alone: what all the others build on.
func TestNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{})
	f.warm()
	f.settle()
}

// TestFlush takes all data away. The replicas bring back what they held.
func TestFlush(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{})
	f.fault(func() { must(t, f.redis.FlushAll(t.Context()).Err()) })
	f.notice()
	f.recovered(f.began, true)
	f.settle()
}

// TestKillEmpty kills Redis, which comes back without data.
func TestKillEmpty(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	f := newFleet(t, s, fleetOptions{})
	f.fault(func() { s.Kill(t) })
	f.notice()
	s.Restart(t)
	f.recovered(time.Now(), true)
	f.settle()
}

// TestKillAOF kills Redis, which comes back with its data from the append-only file.
func TestKillAOF(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t, redistest.Options{Config: []string{"--appendonly", "yes", "--appendfsync", "always"}})
	f := newFleet(t, s, fleetOptions{})
	f.fault(func() { s.Kill(t) })
	f.notice()
	s.Restart(t)
	f.recovered(time.Now(), false)
	f.settle()
}

// TestDeletedKey deletes one key after the other, the first two of each fleet without a rest between them.
func TestDeletedKey(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"records": {"meta", "clients", "catalogs", "rosters", "marks", "replicas", "feed"},
		"numbers": {"counts", "catalog_refs", "providers", "deadlines", "leases", "holds:replica-1", "ops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, redistest.Redis(t), fleetOptions{})
			for i, key := range keys {
				if i > 1 { // else views that were read anew a moment ago wait until a second is over before they are again
					f.rest(time.Second)
					f.warm()
				}
				t.Log(key)
				f.fault(func() { must(t, f.redis.Del(t.Context(), f.key(key)).Err()) })
				f.notice()
				f.recovered(f.began, true)
			}
			f.settle()
		})
	}
}

// TestFrozenServer stops Redis for five seconds, as a swapping machine does: connections stay, nothing answers.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	long(t)
	f := newFleet(t, redistest.Redis(t), fleetOptions{lease: 4 * time.Second})
	f.fault(func() { f.server.Freeze(t) })
	f.notice()
	f.pass(5*time.Second - f.detected)
	f.server.Thaw(t)
	f.recovered(time.Now(), false)
	f.nobodyReaped()
	f.settle()
}

// TestPause makes Redis hold all commands for two seconds.
func TestPause(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{})
	f.fault(func() { must(t, f.redis.Do(t.Context(), "CLIENT", "PAUSE", 2000, "ALL").Err()) })
	f.notice()
	f.recovered(f.began.Add(2*time.Second), false)
	f.settle()
}

// TestScriptFlush empties the script cache.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{timeout: patience})
	f.fault(func() { must(t, f.redis.ScriptFlush(t.Context()).Err()) })
	f.recovered(f.began, false)
	if n := f.load.waited.Load() - f.waited; n > 0 {
		t.Errorf("%d writes had to wait", n)
	}
	f.settle()
}

// TestClientKill closes all connections.
func TestClientKill(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{})
	f.fault(func() {
		for range 5 {
			must(t, f.redis.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err())
		}
	})
	f.recovered(f.began, false)
	f.settle()
}

// TestBusyScript runs somebody else's endless script for about 1.5 s.
func TestBusyScript(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t, redistest.Options{Config: []string{"--busy-reply-threshold", "100"}}), fleetOptions{})
	f.fault(func() {
		const loop = `local t = redis.call('TIME') local e = t[1] * 1000 + t[2] / 1000 + 1500
			repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e return 1`
		f.load.running.Go(func() {
			options := f.server.Options()
			options.ReadTimeout = 10 * time.Second
			c := redis.NewUniversalClient(options)
			defer c.Close()
			if err := c.Eval(t.Context(), loop, nil).Err(); err != nil {
				t.Error(err)
			}
		})
	})
	f.notice()
	f.recovered(f.began.Add(1500*time.Millisecond), false)
	f.settle()
}

// TestOutOfMemory lets Redis run full under noeviction, for longer than a lease: writes wait, reads go on, nobody is
// taken for dead.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t), fleetOptions{lease: 3 * time.Second})
	f.fault(func() { must(t, f.redis.ConfigSet(t.Context(), "maxmemory", "1").Err()) })
	f.notice()
	f.pass(4 * time.Second) // longer than a lease
	must(t, f.redis.ConfigSet(t.Context(), "maxmemory", "0").Err())
	f.recovered(time.Now(), false)
	f.nobodyReaped()
	f.settle()
}

// TestEviction lets Redis throw keys out that it should keep.
func TestEviction(t *testing.T) {
	t.Parallel()
	f := newFleet(t, redistest.Redis(t, redistest.Options{Config: []string{"--maxmemory-policy", "allkeys-lru"}}), fleetOptions{})
	f.fault(func() { must(t, f.redis.ConfigSet(t.Context(), "maxmemory", "1").Err()) })
	f.notice()
	must(t, f.redis.ConfigSet(t.Context(), "maxmemory", "0").Err())
	f.recovered(time.Now(), true)
	f.settle()
}

// rest lets time go by without load, where it is only to pass.
func (f *fleet) rest(d time.Duration) {
	f.load.halt()
	f.pass(d)
	f.load.start()
}

// pass lets time go by under load.
func (f *fleet) pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// nobodyReaped fails the test if a replica was taken for dead.
func (f *fleet) nobodyReaped() {
	f.t.Helper()
	c, err := f.contents()
	must(f.t, err)
	for _, message := range c.feed {
		payload, _ := message.Values["payload"].(string)
		if holder, _, _ := strings.Cut(payload, "\x1d"); message.Values["kind"] == "released" && holder != message.Values["replica"] {
			f.t.Errorf("entry %s: a replica was reaped: %q", message.ID, payload)
		}
	}
}

// TestLateScripts freezes Redis while writes are sent, until each was told that it is pending. What Redis finds in its
// buffers when it goes on is not carried out: the entries in the feed are those of operations named after that.
func TestLateScripts(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	f := newFleet(t, s, fleetOptions{timeout: operation})
	f.load.halt()
	marked := func(n int) string { return fmt.Sprintf("late-marked-%d", n) }
	for n, r := range f.replicas {
		must(t, r.RegisterClient(t.Context(), marked(n), "p", infos(variants[0])))
	}
	var told int64
	s.Freeze(t)
	began := time.Now()
	for n, r := range f.replicas {
		id := fmt.Sprintf("late-%d", n)
		if err := r.RegisterClient(t.Context(), id, "p", infos(variants[0], "only-"+id)); !errors.Is(err, registry.ErrPending) {
			t.Errorf("register: %v", err)
		}
		if err := r.SetModelQuotaExceeded(t.Context(), marked(n), "m-a"); !errors.Is(err, registry.ErrPending) {
			t.Errorf("mark: %v", err)
		}
		told = time.Now().UnixMilli()
	}
	if time.Since(began) < 500*time.Millisecond {
		t.Errorf("Redis was not asked: all was over after %v", time.Since(began))
	}
	s.Thaw(t)
	eventually(t, "the writes are replayed", func() error {
		for n, r := range f.replicas {
			if h := r.Health(); h.Pending > 0 || !h.Connected || !r.ClientSupportsModel(fmt.Sprintf("late-%d", (n+1)%len(f.replicas)), "m-a") {
				return fmt.Errorf("replica %d: %+v", n, h)
			}
		}
		return nil
	})
	c, err := f.contents()
	must(t, err)
	entries := map[string]int{}
	for _, message := range c.feed {
		payload, _ := message.Values["payload"].(string)
		subject, _, _ := strings.Cut(payload, "\x1d")
		for n := range f.replicas {
			if subject != fmt.Sprintf("late-%d", n) && (subject != marked(n) || message.Values["kind"] != "mark") {
				continue
			}
			entries[subject]++
			nonce, _ := message.Values["nonce"].(string)
			if deadlineOf(nonce) <= told {
				t.Errorf("%s was written by an operation whose caller had been told at %d, by %s", subject, told, nonce)
			}
		}
	}
	for subject, n := range entries {
		if n != 1 {
			t.Errorf("%d entries about %s, want 1", n, subject)
		}
	}
	if len(entries) != 2*len(f.replicas) {
		t.Errorf("entries about %v", entries)
	}
	if problems := c.check(); len(problems) > 0 {
		t.Error(strings.Join(problems, "\n"))
	}
}
