package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// call is one run of a verb.
type call struct {
	verb    string
	holder  string   // whose holds the script may touch; empty means the replica itself
	holders []string // more of them, whose sets follow the usual keys
	actor   string
	args    []any
	parting bool // it goes out also after Drain
}

// run carries out a verb, repeating it under one name while nothing is answered and the context lasts.
//
// The name's deadline is the context's, by a reading of the server's clock that cannot be ahead of it: so a script that
// was held up somewhere does not run after the caller was told that it failed. Where the server finds the deadline
// passed although it is not here, the clocks have parted; then the operation goes out again under a new name, provided
// that no earlier try could have been carried out.
func (s *Store) run(ctx context.Context, c call) (Reply, error) {
	if !c.parting {
		if !s.underway.begin() {
			return Reply{}, fmt.Errorf("%s: %w", c.verb, errClosing)
		}
		defer s.underway.end()
	}
	limit := budget(ctx)
	began := time.Now()
	end := began.Add(limit)
	defer func() { s.stats.called(c.verb, time.Since(began)) }()
	operation := newOperation(s.clock.atLeast() + limit.Milliseconds())
	uncertain, renamed := false, 0
	for attempt := 0; ; attempt++ {
		reply, err := s.attempt(ctx, c, operation, limit/2)
		switch {
		case err == nil:
			return reply, nil
		case errors.Is(err, errClock) && !uncertain && renamed < 3 && time.Now().Before(end):
			renamed++
			operation = newOperation(s.clock.atLeast() + time.Until(end).Milliseconds())
			continue
		case errors.Is(err, errClock):
			return Reply{}, fmt.Errorf("%s: %w: %w", c.verb, ErrUnavailable, err)
		case !passes(err):
			return Reply{}, fmt.Errorf("%s: %w", c.verb, unsafe(err))
		}
		uncertain = true
		s.lookAgain(ctx)
		if waitErr := backoff(ctx, attempt); waitErr != nil || !time.Now().Before(end) {
			return Reply{}, fmt.Errorf("%s: %w: %w", c.verb, ErrUnavailable, err)
		}
	}
}

// attempt sends the script once. It gets half of the call's time, so that one dead connection leaves time for another.
func (s *Store) attempt(ctx context.Context, c call, operation string, limit time.Duration) (Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	holder := c.holder
	if holder == "" {
		holder = s.replica
	}
	args := append(make([]any, 0, 4+len(c.args)), operation, s.replica, c.actor, holder)
	args = append(args, c.args...)

	keys := s.keys.all(holder)
	for _, one := range c.holders {
		keys = append(keys, s.keys.holds(one))
	}

	began, asked := time.Now(), s.clock.local()
	values, err := s.scripts[c.verb].Run(ctx, s.client, keys, args...).StringSlice()
	received := s.clock.local()
	s.stats.tried(time.Since(began), err)
	if err != nil {
		detail, translated := scriptError(err)
		if now, parseErr := strconv.ParseInt(detail, 10, 64); parseErr == nil {
			s.clock.observe(asked, received, now)
		}
		return Reply{}, translated
	}
	return s.reply(c, values, asked, received)
}

func (s *Store) reply(c call, values []string, asked, received int64) (Reply, error) {
	if len(values) != 6 && len(values) != 9 {
		return Reply{}, fmt.Errorf("reply of %d values, want 6 or 9", len(values))
	}
	now, err1 := strconv.ParseInt(values[1], 10, 64)
	revision, err2 := strconv.ParseUint(values[3], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return Reply{}, fmt.Errorf("reply: %w", err)
	}
	s.clock.observe(asked, received, now)
	reply := Reply{
		Changed: values[0] == "done", Time: time.UnixMilli(now),
		Position: Position{values[2], revision, values[4]}, extra: values[5],
	}
	if len(values) == 9 {
		reply.Entry = &Entry{
			Position: reply.Position, Previous: values[6], Time: now, Replica: s.replica, Actor: c.actor, Kind: Kind(values[7]),
		}
		if err := reply.Entry.decodePayload(values[8]); err != nil {
			return Reply{}, fmt.Errorf("reply: %w", err)
		}
	}
	return reply, nil
}

// lookAgain has a cluster's client find out who serves which slot: after a failover it would go on asking a node that is
// gone until its copy is a second old.
func (s *Store) lookAgain(ctx context.Context) {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
	if cluster, ok := s.feed.(*redis.ClusterClient); ok {
		cluster.ReloadState(ctx)
	}
}

// backoff waits before the next try: 5 ms, doubling up to 80 ms, each shortened by chance up to a half.
func backoff(ctx context.Context, attempt int) error {
	wait := 5 * time.Millisecond << min(attempt, 4)
	wait -= rand.N(wait/2 + 1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
