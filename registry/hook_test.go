package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// recorder is a hook that remembers what it was called with, and does then what a test wants.
type recorder struct {
	then func(ctx context.Context, call string)

	mu    sync.Mutex
	calls []string
	busy  int
	most  int // calls at once
}

func (r *recorder) OnModelsRegistered(ctx context.Context, provider, clientID string, models []*registry.ModelInfo) {
	r.called(ctx, fmt.Sprintf("%s %s %q", clientID, provider, ids(models)))
	for _, m := range models {
		m.ID = "changed"
	}
}

func (r *recorder) OnModelsUnregistered(ctx context.Context, provider, clientID string) {
	r.called(ctx, fmt.Sprintf("%s %s gone", clientID, provider))
}

func (r *recorder) called(ctx context.Context, call string) {
	r.mu.Lock()
	r.calls = append(r.calls, call)
	r.busy++
	r.most = max(r.most, r.busy)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.busy--
		r.mu.Unlock()
	}()
	if r.then != nil {
		r.then(ctx, call)
	}
}

// await returns when the calls were these.
func (r *recorder) await(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	eventually(t, fmt.Sprintf("the calls are %q", want), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		got = slices.Clone(r.calls)
		return len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		t.Fatalf("called with %q, want %q", got, want)
	}
}

// TestHook hears of the clients that are there, and then of each change on either replica, in order, one at a time.
func TestHook(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ctx, ns, hook := t.Context(), redistest.Namespace(t), &recorder{}
		other := openReplica(t, s, ns, "other", registry.Options{})
		must(t, other.RegisterClient(ctx, "d", "p", named("m")))
		must(t, other.RegisterClient(ctx, "c", "", named("n", "m", "n")))
		r := openReplica(t, s, ns, "a", registry.Options{Hook: hook})
		must(t, r.RegisterClient(ctx, "e", "p", named("m")))
		must(t, r.SetModelQuotaExceeded(ctx, "e", "m"))
		must(t, other.Sync(ctx))
		must(t, other.RegisterClient(ctx, "d", "q", named("m", "x")))
		must(t, other.RegisterClient(ctx, "d", "q", named("m", "x"))) // nothing new
		must(t, other.UnregisterClient(ctx, "d"))
		must(t, r.Sync(ctx))
		must(t, r.UnregisterClient(ctx, "e"))
		hook.await(t, `c  ["n" "m"]`, `d p ["m"]`, `e p ["m"]`, `d q ["m" "x"]`, "d q gone", "e p gone")
		if hook.most != 1 {
			t.Errorf("%d calls at once", hook.most)
		}
		if r.GetModelInfo("m") == nil || r.GetModelInfo("changed") != nil {
			t.Error("the hook was given what belongs to the registry")
		}
		must(t, r.Close())
		if registry.Watched(r) {
			t.Error("the view takes notes that nobody wants")
		}
	})
}

// TestHookPanics: the next call comes all the same, and the log has the panic.
func TestHookPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		hook := &recorder{then: func(_ context.Context, call string) { panic("by " + call) }}
		log, logged := logtest.NewNullLogger()
		r := openReplica(t, s, "ns", "a", registry.Options{Hook: hook, Logger: log})
		must(t, r.RegisterClient(t.Context(), "c", "p", named("m")))
		must(t, r.UnregisterClient(t.Context(), "c"))
		hook.await(t, `c p ["m"]`, "c p gone")
		synctest.Wait()
		all := logged.AllEntries()
		if len(all) != 2 {
			t.Fatalf("logged %v", all)
		}
		for i, call := range hook.calls {
			if e := all[i]; e.Level != logrus.ErrorLevel || !strings.Contains(e.Message, "panicked: by "+call) {
				t.Errorf("logged %q", e.Message)
			}
		}
	})
}

// TestHookIsLimited by the clock of a bubble: a call's context ends after 5 s, the next call waits for its end, and
// nothing else does; Close ends the context of the call that is under way, and does not wait for one that ignores it.
func TestHookIsLimited(t *testing.T) {
	t.Parallel()
	for name, ignores := range map[string]bool{"it heeds its context": false, "it ignores its context": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, ctx := redistest.MiniredisLive(t), t.Context()
				began, release := time.Now(), make(chan struct{})
				var ends []time.Duration // of contexts
				hook := &recorder{then: func(ctx context.Context, call string) {
					<-ctx.Done()
					ends = append(ends, time.Since(began))
					if ignores && strings.Contains(call, "d") {
						<-release
					}
				}}
				log, logged := logtest.NewNullLogger()
				r, err := registry.New(ctx, s.Client(t), registry.Options{Hook: hook, Logger: log})
				must(t, err)
				began = time.Now()
				must(t, r.RegisterClient(ctx, "c", "p", named("m")))
				must(t, r.RegisterClient(ctx, "d", "p", named("m")))
				if since := time.Since(began); since > time.Second {
					t.Errorf("the writes waited for the hook: %v", since)
				}
				<-time.After(7 * time.Second) // of the bubble
				hook.await(t, `c p ["m"]`, `d p ["m"]`)
				closing := time.Now()
				must(t, r.Close())
				if took := time.Since(closing); took > 2*time.Second {
					t.Errorf("Close took %v", took)
				}
				warned := logged.LastEntry()
				close(release)
				synctest.Wait()
				if want := began.Add(5 * time.Second); len(ends) != 2 || !began.Add(ends[0]).Equal(want) {
					t.Errorf("contexts ended after %v", ends)
				}
				if left := strings.Contains(warned.Message, "leaves a call"); left != ignores {
					t.Errorf("logged: %q", warned.Message)
				}
			})
		})
	}
}

// TestHookThatOverruns its 5 s, by the clock of a bubble: the next call waits all the same, and the log says for what.
func TestHookThatOverruns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, ctx, release := redistest.MiniredisLive(t), t.Context(), make(chan struct{})
		end := sync.OnceFunc(func() { close(release) })
		defer end()
		hook := &recorder{then: func(_ context.Context, call string) {
			if call == `c p ["m"]` {
				<-release
			}
		}}
		log, logged := logtest.NewNullLogger()
		r, err := registry.New(ctx, s.Client(t), registry.Options{Hook: hook, Logger: log})
		must(t, err)
		defer r.Close()
		must(t, r.RegisterClient(ctx, "c", "p", named("m")))
		must(t, r.RegisterClient(ctx, "d", "p", named("m")))
		<-time.After(8 * time.Second) // of the bubble
		hook.await(t, `c p ["m"]`)
		if all := logged.AllEntries(); len(all) != 1 || all[0].Data["client"] != "c" || !strings.Contains(all[0].Message, "takes longer") {
			t.Errorf("logged %v", all)
		}
		end()
		synctest.Wait()
		hook.await(t, `c p ["m"]`, `d p ["m"]`)
		if hook.most != 1 {
			t.Errorf("%d calls at once", hook.most)
		}
	})
}

// TestHookThatIsTooSlow misses changes, and hears afterwards what differs.
func TestHookThatIsTooSlow(t *testing.T) {
	inBubble(t, func(t *testing.T, s *redistest.Server) {
		ctx, release := t.Context(), make(chan struct{})
		hook := &recorder{then: func(_ context.Context, call string) {
			if call != `b p ["m"]` {
				<-release
			}
		}}
		log, logged := logtest.NewNullLogger()
		r := openReplica(t, s, "ns", "a", registry.Options{Hook: hook, Logger: log})
		for _, client := range []string{"b", "c", "d"} {
			must(t, r.RegisterClient(ctx, client, "p", named("m")))
		}
		hook.await(t, `b p ["m"]`, `c p ["m"]`)
		outrun(t, r, func() bool { return !registry.Watched(r) })
		must(t, r.UnregisterClient(ctx, "c"))
		must(t, r.RegisterClient(ctx, "e", "p", named("m")))
		close(release)
		hook.await(t, `b p ["m"]`, `c p ["m"]`, `d p ["m"]`, `e p ["m"]`, "c p gone")
		if len(logged.AllEntries()) == 0 {
			t.Error("nothing is logged")
		}
	})
}

// outrun changes a mark of client c of a registry in a bubble, many times, until somebody who watches is found too slow.
func outrun(t *testing.T, r *registry.ModelRegistry, slow func() bool) {
	t.Helper()
	for i := 0; !slow(); i++ {
		if i > 70 {
			t.Fatal("nobody is found too slow")
		}
		for n := range 1000 {
			mark := &store.Mark{Suspension: &store.MarkPart{Reason: fmt.Sprint(i, n)}}
			registry.Apply(r, store.Entry{
				Kind: store.KindMark, Client: "c", Marks: []store.PairMark{{Client: "c", Model: "m", Mark: mark}},
			})
		}
		synctest.Wait() // everybody has read what they read
	}
}
