package registry

import "context"

// Watcher stands in until it is there.
type Watcher struct{ c chan Event }

func (r *ModelRegistry) Watch(context.Context) *Watcher {
	w := &Watcher{make(chan Event, 1000)}
	for _, c := range r.Clients() {
		w.c <- Event{Kind: EventClient, Position: r.Position(), ClientID: c.ClientID, Provider: c.Provider, Models: r.GetModelsForClient(c.ClientID)}
	}
	w.c <- Event{Kind: EventSynced, Position: r.Position()}
	return w
}

func (w *Watcher) C() <-chan Event { return w.c }
func (w *Watcher) Err() error      { return nil }
func (w *Watcher) Close()          {}
