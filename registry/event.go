package registry

// EventKind says what an Event tells.
type EventKind string

// The kinds of events.
const (
	// EventClient: a client is registered, with Provider and Models: it came, or its definition is another now.
	EventClient EventKind = "client"
	// EventClientGone: a client is registered no more, and its marks count no more. Provider is what it was.
	EventClientGone EventKind = "client_gone"
	// EventMark: the mark of a client and model, which may be "*", is now as Quota and Suspension say; with neither
	// there is none any more. It was set, changed, ended by somebody, or by time.
	EventMark EventKind = "mark"
	// EventSynced: the state was told whole; what follows are changes.
	EventSynced EventKind = "synced"
)

// Event is one thing that a Watcher tells. What it refers to is the receiver's own.
type Event struct {
	Kind EventKind `json:"kind"`
	// Position is that of the change, or of the state. What time or a write that waits for Redis made has the position
	// at which the view stood.
	Position Position `json:"position"`
	ClientID string   `json:"client,omitempty"`
	Provider string   `json:"provider,omitempty"`
	// Models are those of EventClient, each once, in order of first appearance.
	Models []*ModelInfo `json:"models,omitempty"`
	// ModelID is that of EventMark.
	ModelID string `json:"model,omitempty"`
	// Quota and Suspension are the parts of a mark that are running; nil: none.
	Quota      *MarkPart `json:"quota,omitempty"`
	Suspension *MarkPart `json:"suspension,omitempty"`
}
