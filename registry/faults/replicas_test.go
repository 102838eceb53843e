package faults

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// until waits until a replica shows, or does no longer show, a client.
func until(t *testing.T, r *registry.ModelRegistry, client string, there bool) {
	t.Helper()
	eventually(t, fmt.Sprintf("client %q is there: %v", client, there), func() error {
		if r.ClientSupportsModel(client, "only-"+client) != there {
			return errors.New("not yet")
		}
		return nil
	})
}

// TestKilledReplica kills a replica's process under the load of others. Its clients go with its lease, not before; what
// others hold as well stays; its marks wait for the return of its clients.
func TestKilledReplica(t *testing.T) {
	t.Parallel()
	const lease = 4 * time.Second
	f := newFleet(t, redistest.Redis(t), fleetOptions{lease: lease})
	r := f.replicas[0]
	c := openChild(t, f.server.URL(), f.name, "child", lease)
	c.do("register mortal")
	c.do("suspend mortal only-mortal")
	c.do("register common")
	must(t, r.RegisterClient(t.Context(), "common", "child", infos(variants[0], "only-common")))
	until(t, r, "mortal", true)

	f.fault(c.kill)
	lastBeat := time.Now().Add(-lease / 3) // at most
	until(t, r, "mortal", false)
	f.detected = time.Since(f.began)
	if gone := time.Since(lastBeat); gone < lease-lease/10 {
		t.Errorf("the client went %v after the last sign of life, with a lease of %v", gone, lease)
	}
	if !r.ClientSupportsModel("common", "m-a") {
		t.Error("a client that another replica holds is gone")
	}
	f.report(f.detected)
	c = openChild(t, f.server.URL(), f.name, "child", lease)
	c.do("register mortal")
	until(t, r, "mortal", true)
	if n := r.GetModelCount("only-mortal"); n != 0 {
		t.Errorf("the suspension did not wait for the client: %d can be used", n)
	}
	must(t, r.UnregisterClient(t.Context(), "common"))
	f.settle()
}

// TestKilledReplicas kills all replicas but one, then all. The one left takes the others' clients out; a replica that
// comes later than all finds the clients of the dead and takes them out.
func TestKilledReplicas(t *testing.T) {
	t.Parallel()
	const lease = 4 * time.Second
	s := redistest.Redis(t)
	ns := redistest.Namespace(t)
	var children []*child
	for i := range 4 {
		c := openChild(t, s.URL(), ns, fmt.Sprintf("child-%d", i), lease)
		c.do("register c%d", i)
		children = append(children, c)
	}
	for _, c := range children[1:] {
		c.kill()
	}
	eventually(t, "the one that is left shows its client only", func() error {
		for i := range children {
			if got := children[0].ask("supports c%d m-a", i); got != fmt.Sprint(i == 0) {
				return fmt.Errorf("client c%d is there: %s", i, got)
			}
		}
		return nil
	})
	children[0].kill()
	r, err := registry.Open(t.Context(), s.URL(), registry.Options{
		Namespace: ns, ReplicaID: "late", LeaseTTL: lease, OperationTimeout: operation, Logger: quiet("late"),
	})
	must(t, err)
	defer r.Close()
	until(t, r, "c0", false)
	if n := r.GetModelCount("m-a"); n != 0 {
		t.Errorf("%d clients left", n)
	}
}

// TestFrozenReplica stops a replica's process for longer than its lease. The others take its client out; when it wakes
// it comes back by itself, with its clients and their marks.
func TestFrozenReplica(t *testing.T) {
	t.Parallel()
	const lease = 2 * time.Second
	f := newFleet(t, redistest.Redis(t), fleetOptions{lease: 3 * lease})
	r := f.replicas[0]
	c := openChild(t, f.server.URL(), f.name, "child", lease)
	c.do("register sleeper")
	c.do("suspend sleeper only-sleeper")
	c.do("quota sleeper m-a")
	until(t, r, "sleeper", true)
	f.fault(func() { c.signal(syscall.SIGSTOP) })
	until(t, r, "sleeper", false)
	f.detected = time.Since(f.began)
	c.signal(syscall.SIGCONT)
	woke := time.Now()
	until(t, r, "sleeper", true)
	f.report(time.Since(woke))
	contents, err := f.contents()
	must(t, err)
	now := time.Now().UnixMilli()
	quota, _, _ := contents.marked("sleeper", "m-a", now)
	_, suspended, reason := contents.marked("sleeper", "only-sleeper", now)
	if !quota || !suspended || reason != "manual" {
		t.Errorf("the marks of the client that came back: over quota %v, suspended %v for %q", quota, suspended, reason)
	}
	if n := r.GetModelCount("only-sleeper"); n != 0 {
		t.Errorf("%d clients can be used for a suspended model", n)
	}
	c.do("close")
	f.settle()
}

// TestStartTogether opens ten replicas at once, which all register the same 200 clients.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	const replicas, clients = 10, 200
	s := redistest.Redis(t)
	ns, ctx := redistest.Namespace(t), t.Context()
	all := make([]*registry.ModelRegistry, replicas)
	var starting sync.WaitGroup
	for n := range all {
		starting.Go(func() {
			id := fmt.Sprintf("replica-%d", n)
			r, err := registry.Open(ctx, s.URL(), registry.Options{
				Namespace: ns, ReplicaID: id, OperationTimeout: 30 * time.Second, Logger: quiet(id),
			})
			if err != nil {
				t.Error(err)
				return
			}
			all[n] = r
			t.Cleanup(func() { _ = r.Close() })
			for i := range clients {
				if err := r.RegisterClient(ctx, fmt.Sprintf("c%d", i), "p", infos(variants[i%2])); err != nil {
					t.Error(err)
				}
				if n == 0 && i%10 == 0 {
					if err := r.SetModelQuotaExceeded(ctx, fmt.Sprintf("c%d", i), "m-b"); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	for n, r := range all {
		must(t, r.Sync(ctx))
		if got := r.GetModelCount("m-b"); got != clients-clients/10 {
			t.Errorf("replica %d counts %d of m-b, want %d", n, got, clients-clients/10)
		}
	}
	epochs := 0
	entries, err := s.Admin(t).XRange(ctx, "rollcall:{"+ns+"}:feed", "-", "+").Result()
	must(t, err)
	for _, entry := range entries {
		if entry.Values["kind"] == "epoch" {
			epochs++
		}
	}
	// One entry a client and replica, one a mark.
	if want := clients*replicas + clients/10 + 1; epochs != 1 || len(entries) != want {
		t.Errorf("%d entries, %d of them epochs; want %d and 1", len(entries), epochs, want)
	}
}

// TestSameReplicaID opens a second replica under a name that is taken: it is refused, and told by whom. One that
// crashed leaves its name to its successor.
func TestSameReplicaID(t *testing.T) {
	t.Parallel()
	s := redistest.Redis(t)
	ns := redistest.Namespace(t)
	const lease = 5 * time.Second
	c := openChild(t, s.URL(), ns, "twin", lease)
	c.do("register c")
	options := registry.Options{Namespace: ns, ReplicaID: "twin", LeaseTTL: lease, OperationTimeout: operation, Logger: quiet("twin")}
	_, err := registry.Open(t.Context(), s.URL(), options)
	host, hostErr := os.Hostname()
	must(t, hostErr)
	var wrong *registry.InvalidError
	if !errors.As(err, &wrong) || !errors.Is(err, registry.ErrInvalid) || wrong.Field != "Options.ReplicaID" {
		t.Fatalf("a second replica of one name: %v", err)
	}
	for _, part := range []string{host, fmt.Sprint(c.cmd.Process.Pid)} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %q: %v", part, err)
		}
	}
	if got := c.ask("supports c m-a"); got != "true" {
		t.Errorf("the first replica's client is there: %s", got)
	}
	c.kill()
	r, err := registry.Open(t.Context(), s.URL(), options)
	must(t, err)
	defer r.Close()
	must(t, r.RegisterClient(t.Context(), "c", "child", infos(variants[0], "only-c")))
	must(t, r.Sync(t.Context()))
	if n := r.GetModelCount("only-c"); n != 1 {
		t.Errorf("%d clients, want 1", n)
	}
}
