package registry

import (
	"errors"
	"sync"

	"github.com/rollcall-dev/rollcall/store"
)

// Stats counts what a registry has done since it was opened.
type Stats struct {
	// Resyncs counts how often the namespace was to be read anew, by each of ResyncReasons.
	Resyncs map[string]uint64
	// FeedLag is how many revisions the view was behind the head that was heard last; less what it has taken in since.
	FeedLag uint64
	// Redis is what Redis was asked.
	Redis store.Stats
}

// The reasons for which a namespace is read anew: the feed's own (see store.DivergedError), an entry that cannot be
// read, and what else reading everything mends.
const (
	resyncEntry    = "entry"
	resyncEmpty    = "empty"
	resyncBroken   = "broken"
	resyncUnknown  = "unknown_kind"
	resyncCatalog  = "catalog"
	resyncRefused  = "refused"
	resyncReplayed = "replayed"
)

// ResyncReasons are the keys of Stats.Resyncs.
func ResyncReasons() []string {
	return []string{
		"gap", "chain", "epoch", "rollback", "missing", resyncEntry, resyncEmpty, resyncBroken, resyncUnknown, resyncCatalog,
		resyncRefused, resyncReplayed,
	}
}

// stats is what Stats is read from, beside the store's.
type stats struct {
	mu      sync.Mutex
	resyncs map[string]uint64
	head    Position // as heard last
}

func (s *stats) resynced(because error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resyncs == nil {
		s.resyncs = make(map[string]uint64)
	}
	s.resyncs[resyncReason(because)]++
}

func (s *stats) heard(head Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = head
}

// resyncReason names the reason in an error that reading everything can mend.
func resyncReason(err error) string {
	var diverged *store.DivergedError
	switch {
	case errors.As(err, &diverged):
		switch diverged.Reason {
		case "gap", "chain", "epoch", "rollback", "missing":
			return diverged.Reason
		}
		return resyncEntry
	case errors.Is(err, store.ErrEmpty):
		return resyncEmpty
	case errors.Is(err, store.ErrBroken):
		return resyncBroken
	case errors.Is(err, errUnknownKind):
		return resyncUnknown
	case errors.Is(err, errMissingCatalog):
		return resyncCatalog
	case errors.Is(err, errRefused):
		return resyncRefused
	}
	return resyncReplayed
}

// Stats returns the counts as they are now. It does not ask Redis.
func (r *ModelRegistry) Stats() Stats {
	read := Stats{Resyncs: make(map[string]uint64), Redis: r.store.Stats()}
	at := r.Position()
	r.stats.mu.Lock()
	defer r.stats.mu.Unlock()
	for _, reason := range ResyncReasons() {
		read.Resyncs[reason] = r.stats.resyncs[reason]
	}
	if head := r.stats.head; head.Epoch == at.Epoch && head.Revision > at.Revision {
		read.FeedLag = head.Revision - at.Revision
	}
	return read
}
