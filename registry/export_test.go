package registry

import "context"

// Resync makes the view anew from Redis, as after a gap. Only while nothing is written: the follower goes on beside it.
func Resync(r *ModelRegistry, ctx context.Context) error {
	_, err := r.reload(ctx)
	return err
}
