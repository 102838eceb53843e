package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// recover brings view and Redis together: at the start, and after their histories parted.
func (r *ModelRegistry) recover(ctx context.Context) error {
	if !r.options.Observer {
		if err := r.begin(ctx, nil); err != nil {
			return err
		}
	}
	asked := time.Now()
	err := r.resync(ctx)
	var unreadable *store.UnreadableError
	if errors.As(err, &unreadable) {
		if err := r.begin(ctx, unreadable); err != nil {
			return err
		}
		err = r.resync(ctx)
	}
	if errors.Is(err, store.ErrEmpty) && r.options.Observer {
		r.feed = r.store.Follow(Position{}, r.checkHead)
		if r.nothing(err) {
			r.fed(asked)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if r.owing.Load() {
		return r.reassert(ctx)
	}
	return nil
}

// nothing says whether an error says of a namespace that nobody has begun it yet, as far as an observer knows: an empty
// view shows all there is. One that has seen the namespace waits for its replicas to bring the data back.
func (r *ModelRegistry) nothing(err error) bool {
	return errors.Is(err, store.ErrEmpty) && r.options.Observer && r.Position() == (Position{})
}

// begin joins the history in Redis. Where that is none, or damaged, or went back behind what this view has seen, it
// begins a new epoch first; a replica that finds a new one already joins that. unreadable is damage that was found in an
// epoch and that no size tells of; nil for none.
func (r *ModelRegistry) begin(ctx context.Context, unreadable *store.UnreadableError) error {
	for range 10 {
		seen := r.Position() // before Redis is asked: own writes move it
		found, err := r.store.Trace(ctx)
		if err != nil {
			return err
		}
		kept := true
		if found.Epoch == seen.Epoch && seen != (Position{}) {
			if kept, err = r.store.Keeps(ctx, found, seen); err != nil {
				return err
			}
		}
		reason := r.join(ctx)
		switch {
		case reason == nil && unreadable != nil && found.Epoch == unreadable.Epoch:
			reason = unreadable
		case reason == nil && kept:
			return nil
		case reason == nil:
			reason = errWentBack
		case !errors.Is(reason, store.ErrEmpty) && !errors.Is(reason, store.ErrBroken):
			return reason
		}
		limited, cancel := r.limit(ctx)
		began, err := r.store.Begin(limited, found, r.Position(), reason.Error())
		cancel()
		if err != nil {
			return err
		}
		if began && found == (Position{}) && r.Position() == (Position{}) {
			r.options.Logger.Debug("rollcall: the namespace is new")
		} else if began && r.notices.epoch.begin() {
			r.options.Logger.WithField("reason", reason.Error()).
				Info("rollcall: a new epoch begins; every replica brings its clients")
		}
	}
	return fmt.Errorf("begin an epoch: %w: the history changes under every try", ErrUnavailable)
}

// errWentBack: Redis has lost changes that the view shows.
var errWentBack = errors.New("history went back")

// owe takes note, before the view shows a new epoch, of what this replica has to bring there: once it does, marks that
// nobody else knew are gone from it where others have brought the client already.
func (r *ModelRegistry) owe(left Position) error {
	if left.Epoch == "" || r.options.Observer {
		return nil
	}
	owed, err := r.holdings.assertions(r.View)
	if err != nil {
		return err
	}
	before := r.owed // of the epoch before, where it was not brought
	r.left, r.owed = left, make(map[string]store.Assertion, len(owed))
	for _, one := range owed {
		marks := maps.Clone(before[one.Client].Marks)
		if marks == nil {
			marks = one.Marks
		} else {
			maps.Copy(marks, one.Marks)
		}
		one.Marks = marks
		r.owed[one.Client] = one
	}
	r.owing.Store(true)
	return nil
}

// reassert brings this replica's clients, with the marks that its view knew, into a new history.
func (r *ModelRegistry) reassert(ctx context.Context) error {
	assertions, err := r.holdings.assertions(r.View) // of clients that came since, as they are now
	if err != nil {
		return err
	}
	for i, one := range assertions {
		if owed, ok := r.owed[one.Client]; ok {
			assertions[i] = owed
		}
	}
	if err := r.assert(ctx, assertions, r.left); err != nil {
		return err
	}
	r.owed = nil
	r.owing.Store(false)
	return nil
}

// rejoin brings this replica back after the others took it for dead. The marks of its clients wait in Redis.
func (r *ModelRegistry) rejoin(ctx context.Context) error {
	if r.notices.rejoin.begin() {
		r.options.Logger.Warn("rollcall: the lease was over, as after a long pause; joining again")
	}
	if err := r.join(ctx); err != nil {
		return err
	}
	assertions, err := r.holdings.assertions(r.View)
	if err != nil {
		return err
	}
	if err := r.assert(ctx, assertions, Position{}); err != nil {
		return err
	}
	r.notices.rejoin.end()
	return nil
}

// assertTimeout is enough for thousands of clients.
const assertTimeout = 10 * time.Second

func (r *ModelRegistry) assert(ctx context.Context, assertions []store.Assertion, view Position) error {
	ctx, cancel := context.WithTimeout(ctx, assertTimeout)
	defer cancel()
	if err := r.store.Assert(ctx, assertions, view); err != nil {
		return fmt.Errorf("bring back %d clients: %w", len(assertions), err)
	}
	for _, a := range assertions {
		if err := r.takeBack(ctx, a.Client); err != nil {
			return err
		}
	}
	return nil
}

// takeBack gives up a client that was unregistered while it was being brought back, unless that waits its turn.
func (r *ModelRegistry) takeBack(ctx context.Context, client string) error {
	if r.holdings.has(client) || r.pending.registers(client) {
		return nil
	}
	unlock := r.holdings.lock(client)
	defer unlock()
	if r.holdings.has(client) || r.pending.registers(client) {
		return nil
	}
	_, err := r.store.Unregister(ctx, client, "", Position{})
	return err
}
