package store

import (
	"context"
	"fmt"
	"strings"
)

// Assertion is a client that this replica holds, as its view knew it.
type Assertion struct {
	Client       string
	Provider     string
	Catalog      Catalog // its JSON is needed only where Redis does not have it
	RegisteredAt int64   // ms
	Revision     uint64  // that set the definition; 0: not known
	Marks        map[string]*Mark
}

// The sizes of what one script is given: more would hold up Redis.
const (
	assertClients = 100
	assertModels  = 2000
)

// Assert brings this replica's clients into a history that may not know them. view is the position of the view they
// come from where that was another history: then their marks come with them, and of several replicas' assertions of
// one client the one of the latest view wins. The zero Position is for a replica that was taken for dead in this
// history: its clients join again, and their marks wait in Redis. What was written in this history stays: a definition,
// and each part of a mark. After the last page the other replicas know that this replica holds no other clients.
func (s *Store) Assert(ctx context.Context, clients []Assertion, view Position) error {
	if err := s.offer(ctx, clients); err != nil {
		return err
	}
	for first := true; first || len(clients) > 0; first = false {
		args, count, models := []any{view.Revision, "0", s.lease.Load(), s.instance}, 0, 0
		for _, c := range clients {
			if count == assertClients || (count > 0 && models+len(c.Catalog.Roster) > assertModels) {
				break
			}
			count++
			models += len(c.Catalog.Roster)
			var marks []string
			for model, mark := range c.Marks {
				marks = append(marks, model, mark.encoded())
			}
			args = append(args, c.Client, c.Provider, c.Catalog.Digest, c.RegisteredAt, c.Revision, strings.Join(marks, partSep))
		}
		clients = clients[count:]
		args[1] = flag(len(clients) == 0)
		if _, err := s.run(ctx, call{verb: "assert", args: args}); err != nil {
			return err
		}
	}
	return nil
}

// offer makes sure that Redis has the catalogs.
func (s *Store) offer(ctx context.Context, clients []Assertion) error {
	digests, byDigest := []string{}, make(map[string]Catalog)
	for _, c := range clients {
		if _, again := byDigest[c.Catalog.Digest]; !again {
			byDigest[c.Catalog.Digest] = c.Catalog
			digests = append(digests, c.Catalog.Digest)
		}
	}
	for len(digests) > 0 {
		batch := digests[:min(len(digests), 500)]
		digests = digests[len(batch):]
		there, _, err := retried(ctx, func(ctx context.Context) ([]any, struct{}, error) {
			values, err := s.client.HMGet(ctx, s.keys.catalogRefs(), batch...).Result()
			return values, struct{}{}, err
		})
		if err != nil {
			return fmt.Errorf("look for catalogs: %w", unsafe(err))
		}
		var args []any
		size := 0
		for i, digest := range batch {
			if there[i] != nil {
				continue
			}
			c := byDigest[digest]
			args = append(args, digest, encodeRoster(c.Roster), c.JSON)
			if size += len(c.JSON); size >= batchBytes {
				if _, err := s.run(ctx, call{verb: "offer", args: args}); err != nil {
					return err
				}
				args, size = nil, 0
			}
		}
		if len(args) > 0 {
			if _, err := s.run(ctx, call{verb: "offer", args: args}); err != nil {
				return err
			}
		}
	}
	return nil
}
