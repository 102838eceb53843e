package registry_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// pickView has so many clients c0, c1, ... with one model m, of the providers p and q in turn, and one of its own, c0,
// that is in the catalogue twice.
func pickView(t *testing.T, clients int) *pickWorld {
	catalogs, err := registry.DecodeCatalogs(map[string][]*registry.ModelInfo{
		"list": {{ID: "m"}}, "twice": {{ID: "m"}, {ID: "m"}},
	})
	must(t, err)
	w := &pickWorld{t: t, view: registry.NewViewOf("me"), catalogs: catalogs}
	for i := range clients {
		record := &store.ClientRecord{
			Provider: []string{"p", "q"}[i%2], Digest: "list", RegisteredAt: int64(i), Holders: []string{"other"},
		}
		if i == 0 {
			record.Digest, record.Holders = "twice", []string{"me"}
		}
		w.change(store.Entry{Kind: store.KindClient, Client: fmt.Sprint("c", i), Record: record})
	}
	return w
}

type pickWorld struct {
	t        *testing.T
	view     *registry.View
	catalogs registry.Catalogs
}

func (w *pickWorld) change(entry store.Entry) {
	must(w.t, registry.Change(w.view, w.catalogs, entry))
}

// mark puts a client over quota for a time; none ends that.
func (w *pickWorld) mark(client, model string, lasts time.Duration) {
	pair := store.PairMark{Client: client, Model: model}
	if lasts > 0 {
		pair.Mark = &store.Mark{Quota: &store.MarkPart{Until: time.Now().Add(lasts).UnixMilli()}}
	}
	w.change(store.Entry{Kind: store.KindMark, Client: client, Marks: []store.PairMark{pair}})
}

// picks counts so many picks by client.
func (w *pickWorld) picks(n int, opts registry.PickOptions) map[string]int {
	picked := map[string]int{}
	for range n {
		client, ok := w.view.PickClient("m", opts)
		if !ok {
			client = "nobody"
		}
		picked[client]++
	}
	return picked
}

func (w *pickWorld) want(got, want map[string]int) {
	w.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Fatalf("picked %v, want %v", got, want)
	}
}

// TestPickTakesTurns: everybody who may be used has the same number of turns, whatever the order of the list, how often a
// client has the model, and what others were picked with.
func TestPickTakesTurns(t *testing.T) {
	t.Parallel()
	w := pickView(t, 5)
	w.want(w.picks(10, registry.PickOptions{}), map[string]int{"c0": 2, "c1": 2, "c2": 2, "c3": 2, "c4": 2})
	w.mark("c3", "m", time.Hour)
	w.mark("c1", "*", time.Hour)
	w.want(w.picks(6, registry.PickOptions{}), map[string]int{"c0": 2, "c2": 2, "c4": 2})
	w.want(w.picks(6, registry.PickOptions{Providers: []string{"P"}}), map[string]int{"c0": 2, "c2": 2, "c4": 2})
	w.want(w.picks(2, registry.PickOptions{Providers: []string{"q", "x"}}), map[string]int{"nobody": 2})
	w.want(w.picks(2, registry.PickOptions{Exclude: []string{"c0", "c2", "c4"}}), map[string]int{"nobody": 2})
	w.want(w.picks(2, registry.PickOptions{Local: true}), map[string]int{"c0": 2})
	w.mark("c1", "*", 0)
	w.want(w.picks(8, registry.PickOptions{}), map[string]int{"c0": 2, "c1": 2, "c2": 2, "c4": 2})
	w.mark("c0", "m", time.Hour)
	w.want(w.picks(2, registry.PickOptions{Local: true}), map[string]int{"nobody": 2})
}

// TestPickSharesWhatIsExcluded: the turns of a client that is excluded are shared by all others, and calls that exclude
// it do not keep it from those that do not, in whatever rhythm they come.
func TestPickSharesWhatIsExcluded(t *testing.T) {
	t.Parallel()
	for clients := 2; clients <= 6; clients++ {
		w := pickView(t, clients)
		without := registry.PickOptions{Exclude: []string{"c1"}}
		const rounds = 4
		all, others := map[string]int{}, map[string]int{}
		for range rounds * clients * (clients - 1) {
			for client, n := range w.picks(1, registry.PickOptions{}) {
				all[client] += n
			}
			for client, n := range w.picks(1, without) {
				others[client] += n
			}
		}
		for i := range clients {
			client := fmt.Sprint("c", i)
			if all[client] != rounds*(clients-1) {
				t.Errorf("of %d clients %s had another number of turns than the others: %v", clients, client, all)
			}
			if want := rounds * clients; client == "c1" && others[client] != 0 || client != "c1" && others[client] != want {
				t.Errorf("of %d clients, c1 excluded, %s had another number of turns: %v", clients, client, others)
			}
		}
	}
}

// TestPickKnowsWhatIsOver: a client whose mark has just ended has its turns before that is published.
func TestPickKnowsWhatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := pickView(t, 4)
		w.mark("c0", "m", time.Second)
		w.mark("c1", "m", 2*time.Second)
		w.mark("c2", "*", time.Second)
		w.mark("c2", "m", 2*time.Second)
		w.want(w.picks(2, registry.PickOptions{}), map[string]int{"c3": 2})
		time.Sleep(time.Second)
		w.want(w.picks(4, registry.PickOptions{}), map[string]int{"c0": 2, "c3": 2})
		time.Sleep(time.Second)
		w.want(w.picks(8, registry.PickOptions{}), map[string]int{"c0": 2, "c1": 2, "c2": 2, "c3": 2})
		w.want(w.picks(4, registry.PickOptions{Exclude: []string{"c3"}, Providers: []string{"p"}}), map[string]int{"c0": 2, "c2": 2})
	})
}

// TestPickBesideChanges: picks by many goroutines beside a writer: nobody is picked whose mark stood from before the pick
// until after it, the turns of one who is always free come, and readers are told what is true.
func TestPickBesideChanges(t *testing.T) {
	t.Parallel()
	w := pickView(t, 40)
	var marked [40]atomic.Int64 // odd: marked; moves before a mark is set and after it is taken away
	var changes, picks atomic.Int64
	var running sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		running.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				var before [40]int64
				for i := range marked {
					before[i] = marked[i].Load()
				}
				client, ok := w.view.PickClient("m", registry.PickOptions{Exclude: []string{"c1"}})
				var i int
				if _, err := fmt.Sscanf(client, "c%d", &i); err != nil || !ok || i == 1 {
					t.Errorf("picked %q, %t", client, ok)
					return
				}
				if before[i]%2 == 1 && marked[i].Load() == before[i] {
					t.Errorf("picked %s, which was marked all the while", client)
				}
				if status := w.view.ClientModelStatus("c0", "m"); status.State != registry.StateAvailable {
					t.Errorf("c0 was never marked, but is %+v", status)
				}
				if free := w.view.AvailableClients("m"); !slices.IsSorted(free) || !slices.Contains(free, "c0") {
					t.Errorf("available: %v", free)
				}
				if counts := w.view.ModelStatus("m"); counts.Clients != 40 || counts.Available+counts.Cooling != 40 {
					t.Errorf("counted %+v", counts)
				}
				picks.Add(1)
			}
		})
	}
	for changes.Load() < 3000 || picks.Load() < 3000 {
		i := 1 + int(changes.Add(1))%39
		model := []string{"m", "*"}[i%2]
		if marked[i].Load()%2 == 0 {
			w.mark(fmt.Sprint("c", i), model, time.Hour)
			marked[i].Add(1)
		} else {
			marked[i].Add(1)
			w.mark(fmt.Sprint("c", i), model, 0)
		}
	}
	close(done)
	running.Wait()
}

// TestReadsWithoutAllocation: what a proxy asks with each request leaves no garbage.
func TestReadsWithoutAllocation(t *testing.T) {
	w := pickView(t, 100)
	for i := range 50 {
		w.mark(fmt.Sprint("c", 2*i), []string{"m", "*"}[i%2], time.Hour)
	}
	narrow := registry.PickOptions{Providers: []string{"P", "q"}, Exclude: []string{"c1", "c3"}}
	local := registry.PickOptions{Local: true}
	w.view.PickClient("m", local) // makes the local view
	reads := map[string]func(){
		"ClientModelStatus of a marked client": func() { w.view.ClientModelStatus("c0", "m") },
		"ClientModelStatus of the whole":       func() { w.view.ClientModelStatus("c2", "*") },
		"ClientModelStatus of a free client":   func() { w.view.ClientModelStatus("c1", "m") },
		"ClientModelStatus of nobody":          func() { w.view.ClientModelStatus("nobody", "m") },
		"PickClient":                           func() { w.view.PickClient("m", registry.PickOptions{}) },
		"PickClient with exclusions":           func() { w.view.PickClient("m", narrow) },
		"PickClient of own":                    func() { w.view.PickClient("m", local) },
	}
	for name, read := range reads {
		if allocs := testing.AllocsPerRun(100, read); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
