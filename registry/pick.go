package registry

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rollcall-dev/rollcall/store"
)

// PickOptions narrows PickClient. The zero value does not.
type PickOptions struct {
	// Providers are those whose clients are wanted, in any case; none: any.
	Providers []string
	// Exclude are clients that are not wanted, such as those that a request has tried already.
	Exclude []string
	// Local takes only clients that this replica holds itself.
	Local bool
}

// PickClient picks one of the clients that may be used for a model now; false where there is none. Model and clients are
// compared exactly.
//
// They take turns: of n clients, n calls in a row that ask for the same get each once, whichever goroutines make them,
// while nobody comes, goes, or is marked. Calls with other Providers or another Exclude have turns of their own, so that
// what is excluded there is neither passed over here nor a burden on the client behind it. Every replica begins its
// turns at a place of its own, and knows nothing of those of others.
func (v *View) PickClient(modelID string, opts PickOptions) (clientID string, ok bool) {
	if opts.Local {
		v = v.own()
	}
	m := v.models.get(modelID)
	if m == nil {
		return "", false
	}
	now, places := m.late(v.clock), 0
	for i := range m.shares {
		if s := &m.shares[i]; opts.wants(s.provider) {
			places += s.places(now)
		}
	}
	turn, place := m.turns.of(&opts), uint64(0)
	for i := range 2 * places {
		if place++; i < places {
			place = turn.Add(1)
		} // else others took the turns that were missing here
		p := m.candidate(&opts, now, int(place%uint64(places)))
		if p.free(now) && !slices.Contains(opts.Exclude, p.client) {
			return p.client, true
		}
	}
	return "", false
}

// candidate returns the client in a place, counted through all shares that are wanted.
func (m *modelState) candidate(opts *PickOptions, now int64, place int) *pairState {
	for i := 0; ; i++ {
		if s := &m.shares[i]; opts.wants(s.provider) {
			if place < s.places(now) {
				return s.clients.at(place)
			}
			place -= s.places(now)
		}
	}
}

// late is the time, where marks are over that are not published as such; else 0, and no mark is over.
func (m *modelState) late(clock *store.Clock) int64 {
	if m.until != 0 {
		if now := clock.Millis(); !m.holds(now) {
			return now
		}
	}
	return 0
}

// places is in how many of its places a share may have a free client.
func (s *shareState) places(late int64) int {
	if late != 0 {
		return s.clients.size
	}
	return s.free
}

func (o *PickOptions) wants(provider string) bool {
	for _, wanted := range o.Providers {
		if strings.EqualFold(wanted, provider) {
			return true
		}
	}
	return len(o.Providers) == 0
}

// turns are where the picks of a model stand: the first one those that ask for any client, the others by what is asked
// for. Were there only one, calls that take turns with others could always meet the same client.
type turns [32]atomic.Uint64

func newTurns() *turns {
	t := new(turns)
	for i := range t {
		t[i].Store(uint64(rand.Uint32())) // or all replicas would begin with the same client
	}
	return t
}

var turnsSeed = maphash.MakeSeed()

func (t *turns) of(opts *PickOptions) *atomic.Uint64 {
	if len(opts.Providers) == 0 && len(opts.Exclude) == 0 {
		return &t[0]
	}
	hash := uint64(0) // whatever the order
	for _, provider := range opts.Providers {
		hash += maphash.String(turnsSeed, provider)
	}
	for _, client := range opts.Exclude {
		hash -= maphash.String(turnsSeed, client)
	}
	return &t[1+hash%uint64(len(t)-1)]
}
