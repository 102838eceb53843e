package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store"
)

// benchModels is how many models a client of the bench has.
const benchModels = 50

func newBench() *cobra.Command {
	var f frame
	var operations, workers int
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure this Redis with Rollcall's own scripts",
		Long: `Measure what Rollcall's writes take on this Redis, beside PING in the same run, and what a read of the view takes, which
does not ask Redis. It works in a namespace of its own, which it drops at the end, also after ctrl-C. Redis is busy meanwhile:
others who use it notice.`,
		Example: `  rollcall bench --operations 1000`,
		Args:    noArguments,
	}
	cmd.Flags().IntVar(&operations, "operations", 2000, "how many of each kind")
	cmd.Flags().IntVar(&workers, "workers", 4, "how many at the same time")
	f.connection.redisFlags(cmd)
	f.connection.hide(cmd, "namespace")
	f.form.flag(cmd)
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if operations < 1 || operations > 1_000_000 {
			return usage("--operations must be from 1 to 1000000")
		}
		if workers < 1 || workers > 1000 {
			return usage("--workers must be from 1 to 1000")
		}
		if cmd.Flags().Changed("namespace") {
			return usage("bench has a namespace of its own; leave --namespace out")
		}
		settings, err := f.connection.redisSettings(cmd)
		if err != nil {
			return err
		}
		settings.Namespace = "bench-" + strings.ToLower(rand.Text()[:12])
		bar := progress(cmd.ErrOrStderr(), operations*benchKinds)
		results, err := runBench(cmd.Context(), settings, operations, workers, bar)
		err = errors.Join(bar.Exit(), err)
		if err != nil {
			return err
		}
		return f.show(cmd, answer{results, []table{benchTable(results)}})
	}
	return cmd
}

// progress is a bar on a terminal, and nothing elsewhere.
func progress(stderr io.Writer, steps int) *progressbar.ProgressBar {
	return progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(stderr), progressbar.OptionSetVisibility(isTerminal(stderr)),
		progressbar.OptionSetDescription("measuring"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond))
}

// runBench measures in a namespace of its own, and drops it in any case.
func runBench(ctx context.Context, settings *config.Config, operations, workers int, bar *progressbar.ProgressBar) (results []benchResult, err error) {
	at, err := openStore(settings, "bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, at.Close()) }()
	if err := connect(ctx, at); err != nil {
		return nil, located(settings, err)
	}
	defer func() { err = errors.Join(err, dropBench(ctx, at)) }()
	defer func() {
		if err != nil && ctx.Err() != nil { // whatever it was cut off in
			err = errInterrupted
		}
	}()
	if _, err := at.Begin(ctx, store.Position{}, store.Position{}, "bench"); err != nil {
		return nil, err
	}
	head, err := at.Join(ctx, benchLease, "{}", time.Time{})
	if err != nil {
		return nil, err
	}
	tlsConfig, err := settings.TLS()
	if err != nil {
		return nil, err
	}
	view, err := registry.Open(ctx, settings.RedisURL, registry.Options{
		Namespace: settings.Namespace, Observer: true, TLS: tlsConfig, Logger: newLogger(settings, io.Discard),
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	for _, kind := range benchOf(at, view, head.Position.Epoch) {
		result, err := kind.measure(ctx, operations, workers, bar)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		if len(results) > 0 {
			result.Ratio = result.P50 / results[0].P50
		}
		results = append(results, result)
	}
	return results, nil
}

var errInterrupted = errors.New("interrupted before the end")

// dropBench removes the namespace also when the run was ended.
func dropBench(ctx context.Context, at *store.Store) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := at.Drop(ctx, true); err != nil && !errors.Is(err, store.ErrEmpty) {
		return fmt.Errorf("the bench's namespace is left behind: %w", err)
	}
	return nil
}

func benchTable(results []benchResult) table {
	t := table{columns: []string{"what", "p50 us", "p99 us", "max us", "per second", "x ping"}}
	for _, r := range results {
		ratio := orDash("")
		if r.Ratio > 0 {
			ratio = cell{text: fmt.Sprintf("%.2f", r.Ratio)}
		}
		t.rows = append(t.rows, row(r.Name, micros(r.P50), micros(r.P99), micros(r.Max), fmt.Sprintf("%.0f", r.Throughput), ratio))
	}
	return t
}

func micros(us float64) string {
	if us < 10 {
		return fmt.Sprintf("%.3f", us)
	}
	return fmt.Sprintf("%.0f", us)
}
