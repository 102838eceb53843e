package registry

import "slices"

// modelState is what the view publishes of a model. It does not change; a change of the model makes another.
type modelState struct {
	id            string
	registrations int                // how often clients registered it, duplicates included
	newest        *catalogModel      // of the most recently registered client that supplies it
	providers     []providerState    // by registrations, most first, then by name
	names         []string           // of providers; nil for none
	marks         vector[*pairState] // of the clients that have one

	// What follows, also in providers, holds until `until`, in server ms; 0 is for ever.
	available int  // registrations less the clients that are marked
	listed    bool // belongs in lists
	until     int64
}

// providerState is one provider's share in a model.
type providerState struct {
	name          string
	registrations int
	newest        *catalogModel
	listed        bool // looking only at this provider's clients
}

// holds says whether what was worked out is still so.
func (m *modelState) holds(now int64) bool { return m.until == 0 || now < m.until }

// at returns the answers of a moment: the prepared ones while they hold, else worked out anew.
func (m *modelState) at(now int64) (available int, listed bool) {
	if m.holds(now) {
		return m.available, m.listed
	}
	t := m.tally(now, func(*pairState) bool { return true })
	return t.available(m.registrations), t.listed(m.registrations)
}

// listedBy says whether the model is listed when only one provider's clients are looked at.
func (m *modelState) listedBy(p *providerState, now int64) bool {
	if m.holds(now) {
		return p.listed
	}
	t := m.tally(now, func(mark *pairState) bool { return mark.provider == p.name })
	return t.listed(p.registrations)
}

func (m *modelState) tally(now int64, counts func(*pairState) bool) tally {
	var t tally
	for i := range m.marks.size {
		if mark := m.marks.at(i); counts(mark) {
			t.count(mark, now, 1)
		}
	}
	return t
}

// provider returns a provider's share, or nil.
func (m *modelState) provider(name string) *providerState {
	i := slices.IndexFunc(m.providers, func(p providerState) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return &m.providers[i]
}

// info returns the description to hand out for a provider, the general one where it is empty or has none.
func (m *modelState) info(provider string) *ModelInfo {
	if provider != "" {
		if p := m.provider(provider); p != nil {
			return p.newest.info
		}
	}
	return m.newest.info
}
