package registry

import (
	"time"

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
		e.Quota, e.Suspension = markPart(c.mark.Quota), markPart(c.mark.Suspension)
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

// markPart makes a part of a mark as it is told; nil of nil.
func markPart(p *store.MarkPart) *MarkPart {
	if p == nil {
		return nil
	}
	part := &MarkPart{Reason: p.Reason, Source: QuotaSource(p.Source), Since: time.UnixMilli(p.Since), SetBy: setBy(p)}
	if p.Until != 0 {
		part.Until = time.UnixMilli(p.Until)
	}
	return part
}

// setBy is the actor of a mark that was set by hand, else the replica.
func setBy(p *store.MarkPart) string {
	if p.Actor != "" {
		return p.Actor
	}
	return p.Setter
}

// sameMark says whether two marks are told alike.
func sameMark(a, b *store.Mark) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || (samePart(a.Quota, b.Quota) && samePart(a.Suspension, b.Suspension))
}

func samePart(a, b *store.MarkPart) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || (a.Until == b.Until && a.Since == b.Since && a.Source == b.Source && a.Reason == b.Reason &&
		setBy(a) == setBy(b))
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
