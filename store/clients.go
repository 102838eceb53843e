package store

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Registration asks for a hold of a client, and for a definition.
type Registration struct {
	Client   string
	Provider string
	Catalog  Catalog
	Known    bool     // Redis probably has the catalog: it is sent only when Redis asks for it
	Keep     bool     // drop no marks
	Seen     Position // a holder's registration drops the marks up to here
	Actor    string
	// Late says that the registration waited for Redis: where the definition is newer than Seen, it only joins.
	Late bool
}

// Register makes this replica a holder of the client and sets the client's definition. An identical registration of
// a client that it holds, with no mark to drop, changes nothing. ErrAnotherEpoch where Seen, unless it is zero or the
// registration late, is of another history.
func (s *Store) Register(ctx context.Context, r Registration) (Reply, error) {
	send := func(roster, catalog string) (Reply, error) {
		return s.run(ctx, call{verb: "register", actor: r.Actor, args: []any{
			r.Client, r.Provider, r.Catalog.Digest, roster, catalog, flag(r.Keep), r.Seen.Epoch,
			r.Seen.Revision, flag(r.Late), s.lease.Load(), s.instance,
		}})
	}
	if r.Known {
		reply, err := send("", "")
		if !errors.Is(err, errNoCatalog) {
			return reply, err
		}
	}
	return send(encodeRoster(r.Catalog.Roster), string(r.Catalog.JSON))
}

// Unregister gives up this replica's hold of the client; with the last hold the client and its marks go. A client that
// this replica does not hold stays as it is. ErrAnotherEpoch where seen, unless it is zero, is of another history.
func (s *Store) Unregister(ctx context.Context, client, actor string, seen Position) (Reply, error) {
	return s.run(ctx, call{verb: "unregister", actor: actor, args: []any{client, seen.Epoch, s.instance}})
}

// ReleaseClient gives up this replica's hold of the client as Release does for all: with the last hold the client goes,
// and its marks wait for its return. Otherwise like Unregister.
func (s *Store) ReleaseClient(ctx context.Context, client, actor string, seen Position) (Reply, error) {
	return s.run(ctx, call{verb: "release", actor: actor, args: []any{
		wait.Milliseconds(), 0, client, seen.Epoch, s.instance,
	}})
}

// tombstone is how long an eviction keeps replicas from bringing a client back.
const tombstone = 24 * time.Hour

// Evict removes the client for everybody, its marks with it, those that wait included. For a day it stays away unless it
// is registered; a client that is not there is kept away as well. Nothing changes where that is so already.
func (s *Store) Evict(ctx context.Context, client, actor string) (Reply, error) {
	c := call{verb: "evict", actor: actor}
	for {
		c.args = []any{client, tombstone.Milliseconds()}
		for _, holder := range c.holders {
			c.args = append(c.args, holder)
		}
		reply, err := s.run(ctx, c)
		if err != nil || reply.extra == "" {
			return reply, err
		}
		c.holders = strings.Split(reply.extra, ",") // the script may touch no set but theirs
	}
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}
