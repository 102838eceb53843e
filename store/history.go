package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// HistoryQuery says which changes History is to tell. The zero value means all that the feed has.
type HistoryQuery struct {
	// Client picks the changes of one client, Model those of one of its models: also what concerns the client as a whole.
	// Model without Client picks nothing.
	Client, Model string
	// Since leaves out what is older, by Redis' clock. Zero: nothing.
	Since time.Time
	// Limit is how many changes to tell, the newest. 0: all.
	Limit int
}

// History is a part of what happened in a namespace, newest first.
type History struct {
	Changes []Change `json:"changes"`
	// Trimmed says that older changes of this epoch were asked for, which the feed no longer has.
	Trimmed bool `json:"trimmed"`
}

// Change is one entry of the feed in words.
type Change struct {
	Position Position  `json:"position"`
	Time     time.Time `json:"time"` // by Redis' clock
	Replica  string    `json:"replica"`
	Actor    string    `json:"actor,omitempty"` // the person behind it
	Kind     Kind      `json:"kind"`
	// Client and Model are what it concerns; empty where that is the whole namespace, or several clients.
	Client string `json:"client,omitempty"`
	Model  string `json:"model,omitempty"`
	// What is what changed, for people to read. Times are in UTC. The wording is not fixed.
	What string `json:"what"`
}

// History reads the feed backwards from its end. Empty for a namespace without data. It reads also where data are
// damaged, as long as there is a head.
func (s *Store) History(ctx context.Context, q HistoryQuery) (History, error) {
	head, err := s.Trace(ctx)
	if err != nil {
		return History{}, err
	}
	var picked []Entry // newest first
	complete := head == Position{}
	for next := head.Revision; next > 0 && !complete; {
		first := next - min(next, feedPage) + 1
		messages, err := s.feedRange(ctx, first, next)
		if err != nil {
			return History{}, err
		}
		if len(messages) == 0 {
			break
		}
		for _, message := range slices.Backward(messages) {
			entry, err := decodeEntry(message)
			if err != nil {
				return History{}, err
			}
			if entry.Time < q.Since.UnixMilli() && !q.Since.IsZero() {
				complete = true
				break
			}
			if q.picks(&entry) {
				picked = append(picked, entry)
			}
			// One more than is told: it may say what the last one ended.
			complete = complete || entry.Kind == KindEpoch || (q.Limit > 0 && len(picked) > q.Limit)
			next = entry.Position.Revision - 1
		}
	}
	history := History{Changes: q.tell(picked), Trimmed: !complete}
	if q.Limit > 0 && len(history.Changes) > q.Limit {
		history.Changes = history.Changes[:q.Limit]
	}
	return history, nil
}

// feedRange reads entries by revision, ascending; those that the feed does not have are left out.
func (s *Store) feedRange(ctx context.Context, first, last uint64) ([]redis.XMessage, error) {
	id := func(revision uint64) string { return strconv.FormatUint(revision, 10) + "-0" }
	messages, _, err := retried(ctx, func(ctx context.Context) ([]redis.XMessage, struct{}, error) {
		messages, err := s.client.XRange(ctx, s.keys.feed(), id(first), id(last)).Result()
		return messages, struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", unsafe(err))
	}
	return messages, nil
}

// picks says whether an entry concerns what is asked for.
func (q *HistoryQuery) picks(e *Entry) bool {
	if q.Client == "" {
		return q.Model == ""
	}
	switch e.Kind {
	case KindEpoch:
		return true
	case KindMark:
		model := e.Marks[0].Model
		return e.Client == q.Client && (q.Model == "" || model == q.Model || model == "*")
	case KindReleased:
		return slices.ContainsFunc(e.Released, func(r Release) bool { return r.Client == q.Client })
	case KindAsserted:
		return slices.ContainsFunc(e.Asserted, func(a Asserted) bool { return a.Client == q.Client })
	}
	return e.Client == q.Client
}

// tell puts entries, newest first, into words. What an older one left helps to say what a newer one changed.
func (q *HistoryQuery) tell(entries []Entry) []Change {
	changes := make([]Change, len(entries))
	before := make(map[string]map[string]*Mark) // client -> model
	for i, e := range slices.Backward(entries) {
		changes[i] = Change{
			Position: e.Position, Time: time.UnixMilli(e.Time).UTC(), Replica: e.Replica, Actor: e.Actor, Kind: e.Kind,
			Client: e.Client, What: q.words(&e, before),
		}
		if e.Kind == KindMark {
			changes[i].Model = e.Marks[0].Model
		}
		if e.Kind == KindReleased || e.Kind == KindAsserted {
			changes[i].Client = q.Client
			if len(e.Released)+len(e.Asserted) == 1 {
				changes[i].Client = onlyClient(&e)
			}
		}
		if e.Kind == KindGone {
			delete(before, e.Client)
		}
		e.eachMark(func(p PairMark) {
			if before[p.Client] == nil {
				before[p.Client] = make(map[string]*Mark)
			}
			before[p.Client][p.Model] = p.Mark
		})
	}
	return changes
}

func onlyClient(e *Entry) string {
	if len(e.Released) == 1 {
		return e.Released[0].Client
	}
	return e.Asserted[0].Client
}

// eachMark hands over the marks that an entry tells.
func (e *Entry) eachMark(f func(PairMark)) {
	for _, pair := range e.Marks {
		f(pair)
	}
	for _, one := range e.Asserted {
		for _, pair := range one.Marks {
			f(pair)
		}
	}
}
