// Package cli is the command line of rollcall: one file a verb.
package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Main runs the command line, until it is done or the process is told to stop, and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := untilSignal()
	defer stop()
	return Run(ctx, args, stdout, stderr)
}

// Run is Main without signals: what runs ends with ctx.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	verb, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	fmt.Fprintln(stderr, "rollcall:", err)
	if hint := hintFor(code, err, verb); hint != "" {
		fmt.Fprintln(stderr, "Try:", hint)
	}
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "A shared registry of LLM models for proxies that run as several replicas",
		Long: `Rollcall keeps one list of the LLM models that a proxy's replicas can serve, in Redis.

A verb looks at the registry in a Redis, as --redis or the environment say (ROLLCALL_REDIS_URL, REDIS_URL), or asks a daemon,
as --server or ROLLCALL_SERVER say.

Answers are tables for people, or with --output json or yaml for programs. The names in JSON and YAML are stable: within a
major version some are added, and none is renamed or removed. Tables may change.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 Redis or the daemon cannot be reached.`,
		Args:          knownVerb,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		newServe(), newConfig(),
		newModels(), newModel(), newClients(), newClient(), newReplicas(), newExplain(), newWatch(),
		newQuota(), newSuspend(), newResume(), newExport(), newImport(),
		newHistory(), newVerify(), newDoctor(), newBench(), newNamespace(),
		newVersion(),
	)
	return root
}

// knownVerb refuses arguments of the root: what is no verb ends here.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("unknown command %q; did you mean %q?", args[0], near[0])
	}
	return &usageError{err}
}

// noArguments refuses arguments of a verb that has none.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}
