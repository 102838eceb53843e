package cli

import (
	"github.com/spf13/cobra"
)

func newQuota() *cobra.Command {
	return group("quota", "Mark a model of a client as over quota, or lift that", newQuotaSet(), newQuotaClear())
}
