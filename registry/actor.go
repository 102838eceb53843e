package registry

import "context"

type actorKey struct{}

// WithActor names the person or tool that stands behind the writes made with the context: they are done by hand. What
// an actor sets is an operator's mark: programs, which have none, neither replace nor lift it. What an actor clears or
// resumes is lifted whoever set it. The name stands in the feed and in the mark; the empty one takes it away again.
//
// It has at most 128 bytes of UTF-8 without control characters; a write with another one is refused with ErrInvalid.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// actorOf returns the actor behind a write, empty for none.
func actorOf(ctx context.Context) (string, error) {
	actor, _ := ctx.Value(actorKey{}).(string)
	return actor, validText("actor", actor, maxActor)
}
