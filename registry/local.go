package registry

import "slices"

// Local returns a view of the clients that this replica holds itself, with all reads: what can be used from here. It
// moves together with the whole view, to the same positions; its generation is its own. For an observer it is empty.
func (r *ModelRegistry) Local() *View { return r.local }

// mirror brings the local view up to date about a client whose definition or holders are others now.
func (v *View) mirror(c *clientState) {
	switch {
	case v.local == nil:
	case v.replica == "" || !slices.Contains(c.holders, v.replica):
		v.local.removeClient(c.client)
	default:
		came := v.local.known[c.client] == nil
		v.local.setClient(c.client, c.record(), c.catalog)
		if !came {
			return
		}
		for model, mark := range c.marks {
			v.local.setMark(c.client, model, mark)
		}
	}
}

// until is when an answer of the view, or of the local one, changes by itself, in server ms; 0: none does. A model of
// the local view may lag behind that of the whole one, which was published for the sake of another client.
func (v *View) until() int64 {
	whole, local := v.listing.Load().until, v.local.listing.Load().until
	if whole == 0 || (local != 0 && local < whole) {
		return local
	}
	return whole
}
