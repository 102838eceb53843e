package registry

import (
	"github.com/rollcall-dev/rollcall/store"
)

// change is an Event before it is made for a receiver: it points to what the view has, and nothing of it changes.
type change struct {
	kind       EventKind
	position   Position
	client     string
	definition *definition // of a client, the last one of a client that is gone
	model      string
	mark       *store.Mark // its running parts; nil: none
}

// event makes the receiver's own Event.
func (c change) event() Event {
	e := Event{Kind: c.kind, Position: c.position, ClientID: c.client, ModelID: c.model}
	if c.definition != nil {
		e.Provider = c.definition.provider
	}
	if c.kind == EventClient {
		e.Models = c.definition.catalog.clone()
	}
	if c.mark != nil {
		e.Quota, e.Suspension = newMarkPart(c.mark.Quota), newMarkPart(c.mark.Suspension)
	}
	return e
}

// clone returns the descriptions of a catalog, each once, as somebody's own.
func (c *catalog) clone() []*ModelInfo {
	infos := make([]*ModelInfo, len(c.models))
	for i, model := range c.models {
		infos[i] = model.info.Clone()
	}
	return infos
}

// nextEnd is when the first of a mark's parts ends, in server ms; 0: none does.
func nextEnd(mark *store.Mark) (end int64) {
	if mark == nil {
		return 0
	}
	for _, part := range []*store.MarkPart{mark.Quota, mark.Suspension} {
		if part != nil && part.Until != 0 && (end == 0 || part.Until < end) {
			end = part.Until
		}
	}
	return end
}
