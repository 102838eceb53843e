package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what is known of how this binary was made.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // it has changes that are in no revision
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func newVersion() *cobra.Command {
	var f frame
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Example: `  rollcall version`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			revision := b.Revision
			if b.Modified {
				revision += " with changes"
			}
			return f.show(cmd, answer{b, []table{{rows: [][]cell{
				row("version", b.Version), row("revision", orDash(revision)), row("go", b.Go), row("platform", b.OS+"/"+b.Arch),
			}}}})
		},
	}
	f.form.flag(cmd)
	return cmd
}

func thisBuild() build {
	b := build{Version: "(unknown)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
