package registry

import "time"

// wholeClient, in the place of a model ID, is the client as a whole: all its models, present and future.
const wholeClient = "*"

// State says whether a client can be used for a model now.
type State string

// The states, as ClientModelStatus and ModelStatus tell them.
const (
	StateAvailable    State = "available"
	StateCooling      State = "cooling"      // over quota, or suspended for its quota: it comes back by itself
	StateSuspended    State = "suspended"    // taken out of service for another reason, until resumed or a deadline
	StateUnregistered State = "unregistered" // no replica holds the client, or it does not supply the model
)

// ClientModelStatus explains why a client can be used for a model or not. Where several marks keep it from that, it is
// the one that decides: a suspension for another reason than quota outweighs a cooldown, and of equals the one that ends
// last counts. Reason to SetBy are zero for a client that is available or not registered.
type ClientModelStatus struct {
	State State `json:"state"`
	// Reason is what was given with the mark; it may be empty.
	Reason string `json:"reason,omitempty"`
	// Source says who named the deadline of a quota mark; empty for a suspension.
	Source QuotaSource `json:"source,omitempty"`
	// Since is when the client went out for this reason, by Redis' clock.
	Since time.Time `json:"since,omitzero"`
	// Until is when the mark ends by itself; zero: when somebody ends it.
	Until time.Time `json:"until,omitzero"`
	// SetBy is the actor of a mark that was set by hand, else the replica.
	SetBy string `json:"set_by,omitempty"`
	// WholeClient says that the mark is on the client as a whole, on all its models, and not on this one.
	WholeClient bool `json:"whole_client,omitempty"`
}

// ModelStatus counts the clients that supply a model by their state. A client that registered it several times counts
// once. All is zero but the ID for a model that nobody supplies.
type ModelStatus struct {
	ModelID string `json:"model"`
	StateCounts
	// Providers has the same by provider, ordered by name; a client without a provider stands under the empty name.
	Providers []ProviderStatus `json:"providers"`
	// Recovery is when the first of the clients that cannot be used now comes back by itself; zero: none does.
	Recovery time.Time `json:"recovery,omitzero"`
	// RecoversIn is how long that is from now; 0: none does.
	RecoversIn time.Duration `json:"-"`
}

// ProviderStatus is one provider's part of a ModelStatus.
type ProviderStatus struct {
	Provider string `json:"provider"`
	StateCounts
}

// StateCounts are numbers of clients.
type StateCounts struct {
	Clients   int `json:"clients"` // all of them
	Available int `json:"available"`
	Cooling   int `json:"cooling"`
	Suspended int `json:"suspended"`
}
