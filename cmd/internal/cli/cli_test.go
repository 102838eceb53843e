package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/cli"
	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

// run returns the exit code and what went to stdout and stderr.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // in a bubble a verb that tries for ever ends there
	defer cancel()
	var out, errs bytes.Buffer
	code = cli.Run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrorsSayWhatToTry(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("lease: 3s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"serv"}, "rollcall: unknown command \"serv\"; did you mean \"serve\"?\nTry: rollcall --help\n"},
		{[]string{"dance"}, "rollcall: unknown command \"dance\"\nTry: rollcall --help\n"},
		{[]string{"--loud"}, "rollcall: unknown flag: --loud\nTry: rollcall --help\n"},
		{[]string{"serve", "now"}, "rollcall: unexpected argument \"now\"\nTry: rollcall serve --help\n"},
		{[]string{"serve", "--lisen", "x"}, "rollcall: unknown flag: --lisen\nTry: rollcall serve --help\n"},
		{[]string{"serve", "--listen"}, "rollcall: flag needs an argument: --listen\nTry: rollcall serve --help\n"},
		{[]string{"serve", "--lease-ttl", "3"}, "rollcall: lease_ttl (--lease-ttl): is the string \"3\"; must be a duration such as " +
			"\"15s\", \"5m\" or \"1h30m\"\nTry: rollcall serve --help for the settings; config.example.yaml explains each\n"},
		{[]string{"serve", "--config", path}, "rollcall: lease (" + path + "): unknown key; the nearest known one is \"listen\"\n" +
			"Try: rollcall serve --help for the settings; config.example.yaml explains each\n"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, c.args...)
			if code != 2 || stderr != c.want || stdout != "" {
				t.Errorf("exit code %d, stdout %q, stderr\n got %q\nwant %q", code, stdout, stderr, c.want)
			}
		})
	}
}

func TestHelpGoesToStdout(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"serve", "--help"}} {
		code, stdout, stderr := run(t, args...)
		if code != 0 || !strings.Contains(stdout, "Usage:") || stderr != "" {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

func TestHelpHasEverySettingWithItsDefault(t *testing.T) {
	t.Parallel()
	_, help, _ := run(t, "serve", "--help")
	_, help, _ = strings.Cut(help, "\nFlags:\n")
	for _, s := range config.Settings() {
		_, line, found := strings.Cut(help, "--"+s.Flag()+" ")
		line, _, _ = strings.Cut(line, "\n")
		if !found || !strings.Contains(line, s.Usage) {
			t.Errorf("--%s is not in the help, or not with its usage: %q", s.Flag(), line)
		}
		if stated := s.Default != "" && s.Default != "false"; stated && !strings.Contains(line, s.Default) {
			t.Errorf("--%s does not state its default %s: %q", s.Flag(), s.Default, line)
		}
	}
}
