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
// replica had seen on it, except those that an actor set, unless Options.KeepMarks is set; one that only others held
// keeps its marks. Marks for models that the client no longer supplies go. Where nothing differs, nothing changes. A
// client that was evicted comes back.
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
	actor, err := actorOf(ctx)
	if err != nil {
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
	// Whether marks are dropped is for the view to say: while clients are brought back, Redis may know this one as held
	// through this very call.
	drops := !r.options.KeepMarks && slices.Contains(r.holdersOf(clientID), r.options.ReplicaID)
	registration := store.Registration{
		Client: clientID, Provider: provider, Catalog: made, Known: r.hasCatalog(made.Digest),
		Keep: !drops, Seen: r.Position(), Actor: actor,
	}
	register := func(ctx context.Context, registration store.Registration) (store.Reply, error) {
		reply, err := r.store.Register(ctx, registration)
		if err == nil {
			r.holdings.registered(clientID, reply.Position.Revision)
		}
		return reply, err
	}
	late := registration
	late.Late, late.Known = true, true
	w := &pendingWrite{
		key: pendingKey{client: clientID, part: partClient}, what: fmt.Sprintf("register client %q", clientID),
		show:  func(to target) { r.showRegistration(to, clientID, provider, made.Digest) },
		needs: map[string]*catalog{made.Digest: use},
		drops: drops,
	}
	w.replay = func(ctx context.Context) (store.Reply, error) {
		late.Keep = !w.drops
		return register(ctx, late)
	}
	// It is held from here on: should the data be lost while the write is under way, it is brought back.
	undo := r.holdings.change(clientID, holding{provider: provider, catalog: use})
	err = r.write(ctx, w, func(ctx context.Context) (store.Reply, error) { return register(ctx, registration) })
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
			to.dropMarks(client)
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
	return r.giveUp(ctx, clientID, false)
}

// ReleaseClient gives up this replica's hold of a client as Close does for all: with the last hold the client goes, and
// its marks wait for its return until their deadline, suspensions without one for 24 hours. It is for a client that is
// coming back, here or on another replica; UnregisterClient is for one that is gone. Errors: ErrInvalid, ErrPending,
// ErrClosed.
func (r *ModelRegistry) ReleaseClient(ctx context.Context, clientID string) error {
	return r.giveUp(ctx, clientID, true)
}

// giveUp ends this replica's hold of a client. Where the client goes, its marks go with it or wait.
func (r *ModelRegistry) giveUp(ctx context.Context, clientID string, marksWait bool) error {
	if err := validID("clientID", clientID, maxClientID); err != nil {
		return err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	verb, send := "unregister", r.store.Unregister
	if marksWait {
		verb, send = "release", r.store.ReleaseClient
	}
	unlock := r.holdings.lock(clientID)
	defer unlock()
	seen := r.Position()
	w := &pendingWrite{
		key: pendingKey{client: clientID, part: partClient}, what: fmt.Sprintf("%s client %q", verb, clientID),
		lifts: true,
		replay: func(ctx context.Context) (store.Reply, error) {
			reply, err := send(ctx, clientID, actor, Position{})
			if err == nil {
				r.holdings.left(clientID)
			}
			return reply, err
		},
		// Marks that wait go with the client, or are to be there before it goes.
		drops: !marksWait && slices.Equal(r.holdersOf(clientID), []string{r.options.ReplicaID}) && !r.awaited.has(clientID),
		last:  marksWait,
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
	undo := r.holdings.leave(clientID)
	changed := false
	err = r.write(ctx, w, func(ctx context.Context) (store.Reply, error) {
		reply, err := send(ctx, clientID, actor, seen)
		changed = reply.Changed
		return reply, err
	})
	if err == nil && !changed && slices.Contains(r.holdersOf(clientID), r.options.ReplicaID) {
		// Redis does not have the client, and the view shows what is about to be brought back.
		err = r.queue(w, store.ErrEmpty)
	}
	if err == nil {
		r.holdings.left(clientID)
	} else if !errors.Is(err, ErrPending) {
		undo()
	}
	return about(err, "%s client %q", verb, clientID)
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
