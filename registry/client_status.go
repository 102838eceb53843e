package registry

import "time"

// ClientStatus is all that the view knows of one client.
type ClientStatus struct {
	ClientID     string    `json:"client"`
	Provider     string    `json:"provider"`
	Holders      []string  `json:"holders"`       // replicas, by name
	RegisteredAt time.Time `json:"registered_at"` // when this definition was set, by Redis' clock
	Models       []string  `json:"models"`        // each once, in order of first appearance
	// Marks are those that are running, by model; that of "*" is on the client as a whole.
	Marks []ClientMark `json:"marks"`
}

// ClientMark is the mark of one model of a client; one of the parts, or both, are there.
type ClientMark struct {
	ModelID    string    `json:"model"`
	Quota      *MarkPart `json:"quota,omitempty"`
	Suspension *MarkPart `json:"suspension,omitempty"`
}

// MarkPart is half of a mark: a quota that is exceeded, or a suspension.
type MarkPart struct {
	Reason string      `json:"reason,omitempty"`
	Source QuotaSource `json:"source,omitempty"` // of a quota
	Since  time.Time   `json:"since"`
	Until  time.Time   `json:"until,omitzero"` // zero: until somebody ends it
	// SetBy is the actor of a mark that was set by hand, else the replica.
	SetBy string `json:"set_by,omitempty"`
}
