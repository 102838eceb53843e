package registry

import "slices"

// Local returns a view of the clients that this replica holds itself, with all reads: what can be used from here. It is
// the same one each time, and moves together with the whole view, to the same positions; its generation is its own. For
// an observer it is empty. The first call, or the first pick with PickOptions.Local, makes it, and may wait for a change
// that is being shown.
func (r *ModelRegistry) Local() *View { return r.own() }

// own returns the local view of a view; of a local one that is itself. Nobody pays for one who does not ask.
func (v *View) own() *View {
	if v.isLocal {
		return v
	}
	if local := v.local.Load(); local != nil {
		return local
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if local := v.local.Load(); local != nil {
		return local
	}
	local := newView(v.clock, "")
	local.mu, local.isLocal = v.mu, true
	for _, c := range v.known {
		v.show(local, c)
	}
	local.publish(v.listing.Load().position)
	v.local.Store(local)
	return local
}

// mirror brings the local view up to date about a client whose definition or holders are others now.
func (v *View) mirror(c *clientState) {
	if local := v.local.Load(); local != nil {
		v.show(local, c)
	}
}

// show gives a local view what it should have of a client, or takes the client away. Marks that change later it is told.
func (v *View) show(local *View, c *clientState) {
	if v.replica == "" || !slices.Contains(c.holders, v.replica) {
		local.removeClient(c.client)
		return
	}
	came := local.known[c.client] == nil
	local.setClient(c.client, c.record(), c.catalog)
	if came {
		for model, mark := range c.marks {
			local.setMark(c.client, model, mark)
		}
	}
}

// until is when an answer of the view, or of the local one, changes by itself, in server ms; 0: none does. A model of
// the local view may lag behind that of the whole one, which was published for the sake of another client.
func (v *View) until() int64 {
	until := v.listing.Load().until
	if local := v.local.Load(); local != nil {
		if own := local.listing.Load().until; until == 0 || (own != 0 && own < until) {
			return own
		}
	}
	return until
}
