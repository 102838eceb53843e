package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// before calls f before each command of these names that a store sends.
type before struct {
	names []string
	f     func(command redis.Cmder)
}

func (b before) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (b before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if slices.Contains(b.names, command.Name()) {
			b.f(command)
		}
		return next(ctx, command)
	}
}

func (b before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error { return next(ctx, commands) }
}

func TestSnapshotOfNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		snapshot, err := s.a.Snapshot(s.ctx)
		s.must(err)
		if len(snapshot.Clients)+len(snapshot.Marks)+len(snapshot.Entries)+len(snapshot.Asserted) != 0 ||
			snapshot.Start != s.head() || snapshot.Head != s.head() {
			s.t.Errorf("%+v", snapshot)
		}
	})
}

func TestSnapshotAtRest(t *testing.T) {
	onBoth(t, func(s *space) {
		marked(s)
		s.given(s.b.Suspend(s.ctx, Suspension{Client: "c", Model: "*", Reason: "all"}))
		s.given(s.b.Register(s.ctx, registration("c", "p", "m", "n", "o")))
		s.asserted(s.b, 100, s.assertion("d", "", "m"))
		s.look()
		snapshot, err := s.a.Snapshot(s.ctx)
		s.must(err)
		replayed(s.t, snapshot).equals(s)
		began := time.UnixMilli(s.seen.feed[0].Time)
		if len(snapshot.Asserted) != 1 || !snapshot.Asserted["b"] || !snapshot.Began.Equal(began) || len(snapshot.Marks) != 4 {
			s.t.Errorf("%+v", snapshot)
		}
	})
}

// Marks that wait for a client, and what waits is called by, are not taken for marks of one that is there.
func TestSnapshotWithWaitingMarks(t *testing.T) {
	onBoth(t, func(s *space) {
		waiting(s)
		s.look()
		snapshot, err := s.b.Snapshot(s.ctx)
		s.must(err)
		replayed(s.t, snapshot).equals(s)
		for _, pair := range snapshot.Marks {
			if pair.Model == "" {
				s.t.Errorf("%+v", pair)
			}
		}
	})
}

// TestSnapshotBetweenPages writes before each page: a page may show what the one before did not, or the other way
// round.
func TestSnapshotBetweenPages(t *testing.T) {
	onBoth(t, func(s *space) {
		for _, client := range []string{
			"stays", "goes", "returns", "is redefined", "is released",
		} {
			s.step(s.b.Register(s.ctx, registration(client, "p", "m", "n")))
			s.step(s.b.SetQuota(s.ctx, s.quota(client, "m", SourceHeuristic, 1)))
		}
		s.step(s.a.Register(s.ctx, registration("is released", "p", "m", "n")))
		s.look()
		steps := []func(){
			func() { // before meta
				s.step(s.b.Unregister(s.ctx, "returns", "", Position{}))
				s.step(s.b.Register(s.ctx, registration("comes", "p", "m")))
			},
			func() { // before the clients
				s.step(s.b.Unregister(s.ctx, "goes", "", Position{}))
				s.step(s.b.SetQuota(s.ctx, s.quota("comes", "m", SourceHeuristic, 2)))
				s.step(s.b.Register(s.ctx, registration("returns", "q", "m")))
			},
			func() { // before the marks
				s.step(s.b.Register(s.ctx, registration("is redefined", "p", "n")))
				s.step(s.b.ClearQuota(s.ctx, "stays", "m", "alice", Position{}))
				s.step(s.b.Suspend(s.ctx, Suspension{Client: "returns", Model: "*", Reason: "all"}))
				s.step(s.release(s.a, "a", 0))
				s.step(s.b.Unregister(s.ctx, "comes", "", Position{}))
			},
		}
		reader := s.replica("reader")
		reader.client.(*redis.Client).AddHook(before{[]string{"hscan"}, func(redis.Cmder) {
			if len(steps) > 0 {
				steps[0]()
				steps = steps[1:]
			}
		}})
		snapshot, err := reader.Snapshot(s.ctx)
		s.must(err)
		if len(steps) > 0 || len(snapshot.Entries) != 10 {
			s.t.Errorf("%d steps left, %d entries", len(steps), len(snapshot.Entries))
		}
		s.look()
		replayed(s.t, snapshot).equals(s)
	})
}

// TestSnapshotsAmidWrites takes snapshots while three replicas write, and follows the feed from each to the end.
func TestSnapshotsAmidWrites(t *testing.T) {
	onBoth(t, func(s *space) {
		if s.server.Miniredis() == nil { // which has no pages
			s.holdsMany(s.b, 1100, "m")
		}
		var writers sync.WaitGroup
		enough := make(chan struct{})
		for i := range 3 {
			writer := s.replica(fmt.Sprintf("w%d", i))
			s.join(writer)
			random := rand.New(rand.NewPCG(7, uint64(i)))
			writers.Go(func() {
				for {
					select {
					case <-enough:
						return
					default:
						s.write(writer, random)
					}
				}
			})
		}
		var snapshots []*Snapshot
		for entries := 0; len(snapshots) < 5 || entries == 0; entries += len(snapshots[len(snapshots)-1].Entries) {
			snapshot, err := s.a.Snapshot(s.ctx)
			if err != nil {
				s.t.Error(err)
				break
			}
			snapshots = append(snapshots, snapshot)
		}
		close(enough)
		writers.Wait()
		s.look()
		for _, snapshot := range snapshots {
			known := replayed(s.t, snapshot)
			known.follow(s.t, s.seen.feed[slices.IndexFunc(s.seen.feed, func(e Entry) bool { return e.Position == snapshot.Head })+1:])
			known.equals(s)
		}
	})
}

// write makes one write by chance, about one of ten clients that four replicas share.
func (s *space) write(by *Store, random *rand.Rand) {
	client, model := fmt.Sprintf("shared%d", random.IntN(10)), []string{"m", "n", "*"}[random.IntN(3)]
	var err error
	switch random.IntN(7) {
	case 0, 1:
		_, err = by.Register(s.ctx, registration(client, "p", []string{"m", "n", "o"}[random.IntN(2):]...))
	case 2:
		_, err = by.Unregister(s.ctx, client, "", Position{})
	case 3:
		_, err = by.SetQuota(s.ctx, s.quota(client, model, SourceHeuristic, 1+random.IntN(9)))
	case 4:
		_, err = by.ClearQuota(s.ctx, client, model, "alice", Position{})
	case 5:
		_, err = by.Suspend(s.ctx, Suspension{Client: client, Model: model, Reason: "why"})
	case 6:
		if err = by.Release(s.ctx); err == nil {
			s.join(by)
		}
	}
	if err != nil && !isRefusal(err) {
		s.t.Errorf("write: %v", err)
	}
}
