package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/store"
)

// RegisterClient makes this replica hold a client that can serve models, and sets its provider, lower-cased and
// possibly empty, and its models. Nil models and models without an ID are skipped; without any other the call is
// UnregisterClient. A model that is listed twice counts twice.
//
// The last registration wins when replicas disagree. A client that this replica holds already loses the marks that this
// replica had seen on it, unless Options.KeepMarks is set; one that only others held keeps its marks. Marks for models
// that the client no longer supplies go. Where nothing differs, nothing changes.
//
// At most 1,000 models, of at most 4 MiB as JSON. Errors: ErrInvalid, ErrPending, ErrClosed.
func (r *ModelRegistry) RegisterClient(ctx context.Context, clientID, clientProvider string, models []*ModelInfo) error {
	provider := strings.ToLower(clientProvider)
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	if err := validText("clientProvider", provider, maxProvider); err != nil {
		return err
	}
	if r.options.Observer {
		return invalid("Options.Observer", "is set, so this replica cannot hold client %q", clientID)
	}
	made, count, err := usable(models)
	if err != nil {
		return err
	}
	if count == 0 {
		return r.UnregisterClient(ctx, clientID)
	}
	use, err := r.catalogOf(made)
	if err != nil {
		return err
	}
	unlock := r.holdings.lock(clientID)
	defer unlock()
	r.catchUp(ctx)
	registration := store.Registration{
		Client: clientID, Provider: provider, Catalog: made, Known: r.hasCatalog(made.Digest),
		// Should the follower bring the client back meanwhile, this replica holds it then, and marks stay all the same.
		Keep: r.options.KeepMarks || !slices.Contains(r.holdersOf(clientID), r.options.ReplicaID),
		Seen: r.Position(),
	}
	late := registration
	late.Late, late.Known = true, true
	w := &pendingWrite{
		key: pendingKey{client: clientID, part: partClient}, what: fmt.Sprintf("register client %q", clientID),
		show:  func(to target) { r.showRegistration(to, clientID, provider, made.Digest) },
		needs: map[string]*catalog{made.Digest: use},
		drops: !registration.Keep,
	}
	w.replay = func(ctx context.Context) (store.Reply, error) {
		late.Keep = !w.drops
		return r.store.Register(ctx, late)
	}
	// It is held from here on: should the data be lost while the write is under way, it is brought back.
	undo := r.holdings.change(clientID, holding{provider, use})
	err = r.write(ctx, w, func(ctx context.Context) (store.Reply, error) { return r.store.Register(ctx, registration) })
	if err != nil && !errors.Is(err, ErrPending) {
		undo()
	}
	return about(err, "register client %q", clientID)
}

// catalogOf returns the catalog in the form that a view uses, shared with the view where it has it.
func (r *ModelRegistry) catalogOf(made store.Catalog) (*catalog, error) {
	r.mu.Lock()
	use := r.catalogs[made.Digest]
	r.mu.Unlock()
	if use != nil {
		return use.catalog, nil
	}
	return decodeCatalog(made.Digest, made.JSON)
}

// showRegistration shows what a registration that waits does.
func (r *ModelRegistry) showRegistration(to target, client, provider, digest string) {
	record := store.ClientRecord{Provider: provider, Digest: digest, RegisteredAt: r.clock.Millis()}
	if old := to.recordOf(client); old != nil {
		if old.Provider == provider && old.Digest == digest {
			record = *old
		}
		record.Holders = slices.Clone(old.Holders)
		if slices.Contains(old.Holders, r.options.ReplicaID) && !r.options.KeepMarks {
			to.clearMarks(client)
		}
	}
	if !slices.Contains(record.Holders, r.options.ReplicaID) {
		record.Holders = append(record.Holders, r.options.ReplicaID)
	}
	to.setClient(client, &record)
}

// UnregisterClient gives up this replica's hold of a client; with the last hold the client goes, its marks with it. A
// client that this replica does not hold stays as it is. Errors: ErrInvalid, ErrPending, ErrClosed.
func (r *ModelRegistry) UnregisterClient(ctx context.Context, clientID string) error {
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	unlock := r.holdings.lock(clientID)
	defer unlock()
	seen := r.Position()
	do := func(ctx context.Context) (store.Reply, error) { return r.store.Unregister(ctx, clientID, "", seen) }
	w := &pendingWrite{
		key: pendingKey{client: clientID, part: partClient}, what: fmt.Sprintf("unregister client %q", clientID),
		lifts: true,
		replay: func(ctx context.Context) (store.Reply, error) {
			return r.store.Unregister(ctx, clientID, "", Position{})
		},
		drops: slices.Equal(r.holdersOf(clientID), []string{r.options.ReplicaID}) && !r.awaited.has(clientID),
		show: func(to target) {
			if old := to.recordOf(clientID); old == nil || !slices.Contains(old.Holders, r.options.ReplicaID) {
				return
			} else if len(old.Holders) == 1 && !r.awaited.has(clientID) {
				to.removeClient(clientID)
			} else {
				to.removeHolder(clientID, r.options.ReplicaID)
			}
		},
	}
	undo := r.holdings.change(clientID, holding{})
	changed := false
	err := r.write(ctx, w, func(ctx context.Context) (store.Reply, error) {
		reply, err := do(ctx)
		changed = reply.Changed
		return reply, err
	})
	if err == nil && !changed && slices.Contains(r.holdersOf(clientID), r.options.ReplicaID) {
		// Redis does not have the client, and the view shows what is about to be brought back.
		err = r.queue(w, store.ErrEmpty)
	}
	if err != nil && !errors.Is(err, ErrPending) {
		undo()
	}
	return about(err, "unregister client %q", clientID)
}

// holdersOf lists the replicas that hold a client, as the view knows.
func (v *View) holdersOf(client string) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.known[client]; c != nil {
		return slices.Clone(c.holders)
	}
	return nil
}

// hasCatalog says whether some client of the view uses a catalog, so that Redis has it, too.
func (v *View) hasCatalog(digest string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.catalogs[digest] != nil
}
