// Package cli is the command line of rollcall: one file a verb.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	verb, err := root, misspelt(root, args)
	if err == nil {
		verb, err = root.ExecuteContextC(ctx)
	}
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

		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(unknownFlag)
	root.AddCommand(
		newServe(), newConfig(),
		newModels(), newModel(), newClients(), newClient(), newReplicas(), newExplain(), newWatch(),
		newQuota(), newSuspend(), newResume(), newExport(), newImport(),
		newHistory(), newVerify(), newDoctor(), newBench(), newNamespace(),
		newVersion(),
	)
	return root
}

// misspelt refuses a first word that is no verb, before a flag behind it is taken for the root's.
func misspelt(root *cobra.Command, args []string) error {
	strictDefaults(root, args)
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	if found, _, _ := root.Find(args[:1]); found != root {
		return nil
	}
	return knownVerb(root, args)
}

// strictDefaults adds the verbs that cobra has for every program, and has them refuse what they do not know.
func strictDefaults(root *cobra.Command, args []string) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		found, rest, _ := root.Find(args)
		if err := knownVerb(found, rest); err != nil {
			return &hinted{err, found.CommandPath() + " --help"}
		}
		return nil
	}
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args = knownVerb
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	for _, shell := range completion.Commands() {
		shell.Args = noArguments
	}
}

// unknownFlag is an error about a flag, which names one that may have been meant: serve has --redis-url, as its setting is
// called, and the other verbs --redis.
func unknownFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		asked, near := unknown.GetSpecifiedName(), ""
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			alike := strings.HasPrefix(flag.Name, asked+"-") || strings.HasPrefix(asked, flag.Name+"-")
			if alike && !flag.Hidden && (near == "" || len(flag.Name) < len(near)) {
				near = flag.Name
			}
		})
		switch {
		case near != "":
			err = fmt.Errorf("unknown flag: --%s; did you mean --%s?", asked, near)
		case asked == "server" && cmd.Flags().Lookup("redis") != nil:
			err = errors.New("unknown flag: --server; this verb looks at a Redis itself: give --redis")
		}
	}
	return &usageError{err}
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
