package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/registry"
)

func newQuotaSet() *cobra.Command {
	var f frame
	var limit registry.QuotaLimit
	cmd := &cobra.Command{
		Use:   "set CLIENT MODEL",
		Short: "Mark a model of a client as over quota",
		Long: `Mark a model of a client as over quota, for all replicas; "*" means the client as a whole. Without --until and
--retry-after it lasts for the quota window, which is 5 minutes unless configured; that is nobody's word, so the sources
retry_after and provider_reset need one of the two.

A stronger source replaces the deadline of a weaker one: heuristic, retry_after, provider_reset, operator; of two of the
same source the later deadline stays. So where a provider's quota is back but a mark says otherwise, use quota clear. No
mark lasts longer than max_quota_window, 8 days unless configured. The answer says what holds now. A mark of a source
other than operator is a provider's word and no person's: it bears the name of the daemon, or of this process, and not
that of --actor.`,
		Example: `  rollcall quota set northwind-claude-key claude-sonnet-4-5 --retry-after 90m --reason "weekly limit"
  rollcall quota set northwind-claude-key '*' --until 2026-12-01T00:00:00Z`,
	}
	flags := cmd.Flags()
	flags.Var(momentFlag{&limit.Until}, "until", "when the quota is back, such as 2026-01-31T12:00:00Z")
	flags.DurationVar(&limit.RetryAfter, "retry-after", 0, "in how long the quota is back, such as 90s or 12h")
	flags.StringVar((*string)(&limit.Source), "source", string(registry.SourceOperator), "who named the deadline: heuristic, retry_after, provider_reset or operator")
	flags.StringVar(&limit.Reason, "reason", "", "for people to read")
	return f.pairWrite(cmd, func(ctx context.Context, in source, client, model string) (outcome, error) {
		if cmd.Flags().Changed("retry-after") && limit.RetryAfter <= 0 {
			return outcome{}, usage("--retry-after is %s; must be above 0", limit.RetryAfter)
		}
		if !limit.Until.IsZero() && limit.RetryAfter != 0 {
			return outcome{}, usage("--until and --retry-after exclude each other")
		}
		return in.SetQuota(ctx, client, model, limit)
	}, nil)
}
