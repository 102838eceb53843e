package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/store"
)

// doubt finds out whether an error of the follower means that Redis is away. A refusal is proof. Silence is not: this
// process may have had no processor time, or one connection was lost. So Redis is asked again, on a new connection and
// with time of its own; until that fails too Health.Connected stays true.
func (r *ModelRegistry) doubt(ctx context.Context, err error) {
	if store.IsSilence(err) && r.health.connected() {
		r.health.outdated()
		again := r.store.Answers(ctx)
		if again == nil {
			if r.notices.late.begin() {
				r.options.Logger.WithError(err).Warn("rollcall: redis did not answer; asked again on a new connection, it does")
			}
			return
		}
		err = fmt.Errorf("%w; %w", err, again)
	}
	if ctx.Err() == nil {
		r.failed(err)
	}
}

// failed takes note that Redis could not be asked. Only the follower calls it once the registry is open.
func (r *ModelRegistry) failed(err error) {
	if r.closed.Load() {
		return // it is this end that is going away
	}
	r.health.failed(err)
	if r.notices.away.begin() {
		r.options.Logger.WithError(err).Warn("rollcall: redis is away; reads go on from the view, writes wait")
	}
}

// fed takes note that the view was complete at a moment.
func (r *ModelRegistry) fed(asOf time.Time) {
	r.health.current(asOf)
	r.pending.answered()
	if r.notices.away.end() {
		r.options.Logger.Info("rollcall: redis is back; the view is fed again")
	}
}

// notices are the states that are logged, beside those of the lease keeper.
type notices struct {
	away     notice // Redis is
	polling  notice // the feed is polled
	late     notice // one question went unanswered, and the next one did not
	diverged notice // the view is read anew
	epoch    notice // epochs begin
	rejoin   notice // the own lease was over
	damaged  notice // an observer leaves out what cannot be read
	settings notice // the server has some that put data at risk
}

// logPolling logs when the feed begins to be polled, and when it can be waited for again.
func (r *ModelRegistry) logPolling() {
	why := r.store.Polling()
	switch {
	case (why != nil) == r.polled: // it goes on, as it may for good
	case why == nil && r.notices.polling.end():
		r.options.Logger.Info("rollcall: reads of the feed wait in redis again")
	case why != nil && r.notices.polling.begin():
		r.options.Logger.WithError(why).Warn("rollcall: redis, or a proxy before it, does not let reads wait; the feed is read four times a second")
	}
	r.polled = why != nil
}
