package registry

import "slices"

// modelState is what the view publishes of a model. It does not change; a change of the model makes another.
type modelState struct {
	id            string
	registrations int           // how often clients registered it, duplicates included
	newest        *catalogModel // of the most recently registered client that supplies it
	shares        []shareState  // by registrations, most first, then by name
	names         []string      // of providers; nil for none
	turns         *turns        // the one thing that readers change

	// What follows, also in shares, holds until `until`, in server ms; 0 is for ever.
	available int  // registrations less the clients that are marked
	listed    bool // belongs in lists
	until     int64
}

// shareState is one provider's share in a model.
type shareState struct {
	provider      string // may be empty
	registrations int
	newest        *catalogModel
	listed        bool               // looking only at this provider's clients
	clients       vector[*pairState] // all of them, those without marks in front
	free          int                // how many those are
}

// holds says whether what was worked out is still so.
func (m *modelState) holds(now int64) bool { return m.until == 0 || now < m.until }

// at returns the answers of a moment: the prepared ones while they hold, else worked out anew.
func (m *modelState) at(now int64) (available int, listed bool) {
	if m.holds(now) {
		return m.available, m.listed
	}
	var t tally
	for i := range m.shares {
		t.add(m.shares[i].tally(now))
	}
	return t.available(m.registrations), t.listed(m.registrations)
}

// listedBy says whether the model is listed when only one provider's clients are looked at.
func (m *modelState) listedBy(s *shareState, now int64) bool {
	if m.holds(now) {
		return s.listed
	}
	t := s.tally(now)
	return t.listed(s.registrations)
}

func (s *shareState) tally(now int64) (t tally) {
	for i := s.free; i < s.clients.size; i++ {
		t.count(s.clients.at(i), now, 1)
	}
	return t
}

// share returns a provider's share, or nil. Clients without a provider are nobody's.
func (m *modelState) share(provider string) *shareState {
	if provider == "" {
		return nil
	}
	i := slices.IndexFunc(m.shares, func(s shareState) bool { return s.provider == provider })
	if i < 0 {
		return nil
	}
	return &m.shares[i]
}

// info returns the description to hand out for a provider, the general one where it is empty or has none.
func (m *modelState) info(provider string) *ModelInfo {
	if s := m.share(provider); s != nil {
		return s.newest.info
	}
	return m.newest.info
}
