package store

import (
	"context"
	"fmt"
	"time"
)

// The sources of quota deadlines, weakest first: a stronger one replaces what a weaker one said.
const (
	SourceHeuristic     = "heuristic"      // the default window
	SourceRetryAfter    = "retry_after"    // the provider asked to wait
	SourceProviderReset = "provider_reset" // the provider named the moment
	SourceOperator      = "operator"       // a person said so
)

// Quota asks for a quota mark.
type Quota struct {
	Client, Model string
	Until         int64         // ms; 0: Window from now, by the server's clock
	Window        time.Duration // for Until 0
	Longest       time.Duration // later deadlines are capped to this from now
	Source        string
	Reason        string
	Actor         string
	// Seen is where the view stood when the request began that hit the limit: nothing changes where a person cleared the
	// pair since, as long as the fence stands. The zero Position is not known, and never refused.
	Seen Position
}

// SetQuota marks a model of a client as over quota. Nothing changes where the deadline is over. ErrNotRegistered where
// the client does not supply the model.
func (s *Store) SetQuota(ctx context.Context, q Quota) (Reply, error) {
	return s.run(ctx, call{verb: "quota", actor: q.Actor, args: []any{
		q.Client, q.Model, q.Until, q.Window.Milliseconds(), q.Longest.Milliseconds(), q.Source, escape(q.Reason),
		q.Seen.Epoch, q.Seen.Revision,
	}})
}

// ClearQuota ends a quota mark that was set up to seen; a newer one stays, and without an actor one that a person set.
// With an actor it leaves a fence, and the zero Position means whatever is there.
func (s *Store) ClearQuota(ctx context.Context, client, model, actor string, seen Position) (Reply, error) {
	return s.lift(ctx, call{verb: "clear", actor: actor}, client, model, seen, false)
}

// Resume does for a suspension what ClearQuota does for a quota mark. Its fence is the same.
func (s *Store) Resume(ctx context.Context, client, model, actor string, seen Position) (Reply, error) {
	return s.lift(ctx, call{verb: "resume", actor: actor}, client, model, seen, false)
}

// LiftLate does the same for a quota mark or a suspension after it waited for Redis: what was set up to seen goes, and
// what this replica had set itself, since whatever it set was before.
func (s *Store) LiftLate(ctx context.Context, suspension bool, client, model, actor string, seen Position) (Reply, error) {
	c := call{verb: "clear", actor: actor}
	if suspension {
		c = call{verb: "resume", actor: actor}
	}
	return s.lift(ctx, c, client, model, seen, true)
}

func (s *Store) lift(ctx context.Context, c call, client, model string, seen Position, late bool) (Reply, error) {
	c.args = []any{client, model, seen.Epoch, seen.Revision, flag(late)}
	return s.run(ctx, c)
}

// Suspension asks for a suspension.
type Suspension struct {
	Client, Model string
	Until         int64 // ms; 0: until resumed
	Reason        string
	Actor         string
}

// Suspend takes a model of a client out of service. Nothing changes where the deadline is over, and where a suspension
// stands that ends no sooner; one that a person set gives way to a person only, and replaces a program's. ErrNotRegistered where the client does not supply the model.
func (s *Store) Suspend(ctx context.Context, p Suspension) (Reply, error) {
	return s.run(ctx, call{verb: "suspend", actor: p.Actor, args: []any{p.Client, p.Model, p.Until, escape(p.Reason)}})
}

const tidyPage = 200

// Tidy removes the records of marks that are over, and catalogs that nothing refers to any more. Answers do not change.
// It returns how many marks it removed, also with an error.
func (s *Store) Tidy(ctx context.Context) (removed int, err error) {
	for cursor := "0"; ; {
		reply, err := s.run(ctx, call{verb: "tidy", args: []any{tidyPage, cursor}})
		if err != nil {
			return removed, err
		}
		var marks int
		if _, err := fmt.Sscan(reply.extra, &marks, &cursor); err != nil {
			return removed, fmt.Errorf("tidy: reply %q: %w", reply.extra, err)
		}
		removed += marks
		if cursor == "0" {
			break
		}
	}
	for cursor := "0"; ; {
		reply, err := s.run(ctx, call{verb: "sweep", args: []any{cursor}})
		if err != nil {
			return removed, err
		}
		if cursor = reply.extra; cursor == "0" {
			return removed, nil
		}
	}
}
