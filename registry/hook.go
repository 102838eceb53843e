package registry

import "context"

// Hook hears which clients are registered in the namespace, by this replica or another. It is set in Options.Hook.
//
// It is told first of the clients that are there when the registry is opened, and then of every change, in the order of
// the feed. Calls come one at a time, from a goroutine of their own: the view and the writes wait for none of them, and a
// hook may use the registry. A panic is caught and logged.
//
// Each call has 5 s: then its context ends. One that goes on nevertheless holds up the next, and that is logged. Close
// ends the context of the call that is under way and waits for it for a moment, within its own 2 s; one that does not
// return is left behind, and logged.
//
// A hook that is so slow that it misses changes is afterwards told how what is there now differs from what it has heard.
type Hook interface {
	// OnModelsRegistered: a client came, or its provider or models are others now, which are told in place of those
	// before. The models are those of the client, each once, in order of first appearance; they are the hook's own. A
	// registration that changes nothing is not told, nor are marks.
	OnModelsRegistered(ctx context.Context, provider, clientID string, models []*ModelInfo)
	// OnModelsUnregistered: a client is gone: no replica holds it any more. The provider is what it was.
	OnModelsUnregistered(ctx context.Context, provider, clientID string)
}
