package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// benchResult is what was measured of one kind of operation. Times are in microseconds.
type benchResult struct {
	Name       string  `json:"name"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	Max        float64 `json:"max_us"`
	Throughput float64 `json:"per_second"`
	Ratio      float64 `json:"ratio,omitempty"` // of p50 to that of PING; 0 for PING itself
}

// benchKind is one kind of operation; do carries out the i-th.
type benchKind struct {
	name string
	do   func(ctx context.Context, i int) error
}

const (
	benchKinds = 7 // what benchOf returns
	benchLease = time.Hour
)

// benchOf lists what is measured, in order: each kind leaves behind what the next ones need.
func benchOf(at *store.Store, view *registry.ModelRegistry, epoch string) []benchKind {
	catalog := store.Catalog{Digest: "bench", JSON: []byte("[]")}
	for i := range benchModels {
		catalog.Roster = append(catalog.Roster, store.RosterEntry{Model: fmt.Sprintf("model-%02d", i), Copies: 1})
	}
	client := func(i int) string { return fmt.Sprintf("client-%06d", i) }
	model := catalog.Roster[benchModels/2].Model
	register := func(ctx context.Context, i int) error {
		_, err := at.Register(ctx, store.Registration{Client: client(i), Provider: "bench", Catalog: catalog, Known: i > 0, Keep: true})
		return err
	}
	return []benchKind{
		{"PING", func(ctx context.Context, _ int) error { return at.CheckConnection(ctx) }},
		{"register, 50 models", register},
		{"register, identical", register},
		{"quota mark", func(ctx context.Context, i int) error {
			_, err := at.SetQuota(ctx, store.Quota{
				Client: client(i), Model: model, Window: time.Hour, Longest: time.Hour, Source: store.SourceHeuristic,
			})
			return err
		}},
		{"clear", func(ctx context.Context, i int) error {
			all := store.Position{Epoch: epoch, Revision: math.MaxInt32}
			reply, err := at.ClearQuota(ctx, client(i), model, "", all)
			if err == nil && !reply.Changed {
				err = errors.New("no mark was there")
			}
			return err
		}},
		{"heartbeat", func(ctx context.Context, _ int) error {
			_, joined, err := at.Heartbeat(ctx, benchLease)
			if err == nil && !joined {
				err = errors.New("the lease was lost")
			}
			return err
		}},
		{"read of the view", func(context.Context, int) error {
			view.GetModelCount(model)
			return nil
		}},
	}
}

// measure carries out so many operations, workers at a time.
func (k benchKind) measure(ctx context.Context, operations, workers int, bar *progressbar.ProgressBar) (benchResult, error) {
	times := make([]time.Duration, operations)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var running sync.WaitGroup
	begun := time.Now()
	for range workers {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < operations && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				asked := time.Now()
				err := k.do(ctx, i)
				times[i] = time.Since(asked)
				if err != nil {
					cancel(err)
					return
				}
				_ = bar.Add(1) // what it shows is of no consequence
			}
		})
	}
	running.Wait()
	took := time.Since(begun)
	if ctx.Err() != nil {
		return benchResult{}, context.Cause(ctx)
	}
	slices.Sort(times)
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	return benchResult{
		Name: k.name, P50: us(times[operations/2]), P99: us(times[operations*99/100]), Max: us(times[operations-1]),
		Throughput: float64(operations) / took.Seconds(),
	}, nil
}
