package config_test

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/cmd/internal/config"
)

const secret, other = "0123456789abcdef", "fedcba9876543210:x"

func TestTokensComeFromTheFileOrFromFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	file := write(t, "listen: 0.0.0.0:1\ntokens:\n  - {name: proxy, role: write, token: "+secret+"}\n  - {name: eyes, role: read, token_file: sub}\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "sub"), []byte(other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{File: file})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Token{
		{Name: "proxy", Role: config.RoleWrite, Sum: sha256.Sum256([]byte(secret))},
		{Name: "eyes", Role: config.RoleRead, Sum: sha256.Sum256([]byte(other))},
	}
	if !reflect.DeepEqual(c.Tokens, want) {
		t.Errorf("got %+v", c.Tokens)
	}
}

func TestTokensOfTheEnvironmentCountAlone(t *testing.T) {
	t.Setenv("ROLLCALL_TOKENS", "a:write:"+other+", b:read:"+secret)
	c, err := config.Load(config.Input{File: write(t, "tokens: [{name: x, role: read, token: "+secret+"}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Token{
		{Name: "a", Role: config.RoleWrite, Sum: sha256.Sum256([]byte(other))},
		{Name: "b", Role: config.RoleRead, Sum: sha256.Sum256([]byte(secret))},
	}
	if !reflect.DeepEqual(c.Tokens, want) {
		t.Errorf("got %+v", c.Tokens)
	}
	t.Setenv("ROLLCALL_TOKENS", "a:write:"+secret+",b:"+other[:8])
	_, err = config.Load(config.Input{})
	if want := "tokens[1] (ROLLCALL_TOKENS): must read name:role:token"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestARefusedTokenIsNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	one := "{name: a, role: read, token: " + secret + "}"
	for name, c := range map[string]struct{ tokens, want string }{
		"short":     {"{name: a, role: read, token: 0123456789abcde}", "tokens[0].token (FILE): is a token of 15 characters; at least 16 are needed"},
		"missing":   {"{name: a, role: read}", "tokens[0].token (FILE): is a token of 0 characters; at least 16 are needed"},
		"space":     {"{name: a, role: read, token: '0123456789 abcdef'}", "tokens[0].token (FILE): is a token with characters that no header can carry; use visible ASCII without spaces"},
		"role":      {"{name: a, role: admin, token: " + secret + "}", `tokens[0].role (FILE): is "admin"; must be one of read, write`},
		"no role":   {"{name: a, token: " + secret + "}", `tokens[0].role (FILE): is ""; must be one of read, write`},
		"no name":   {"{role: read, token: " + secret + "}", "tokens[0].name (FILE): is missing"},
		"twice":     {one + ", {name: a, role: read, token: x" + secret + "}", `tokens[1].name (FILE): is "a", as tokens[0].name is; each token needs its own`},
		"same":      {one + ", {name: b, role: read, token: " + secret + "}", "tokens[1].token (FILE): is that of tokens[0]; each needs its own"},
		"both":      {"{name: a, role: read, token: " + secret + ", token_file: x}", "tokens[0].token_file (FILE): token is set as well; keep one of them"},
		"no file":   {"{name: a, role: read, token_file: /nowhere/x}", "tokens[0].token_file (FILE): /nowhere/x cannot be read: no such file or directory"},
		"empty":     {"{name: a, role: read, token_file: /dev/null}", "tokens[0].token_file (FILE): is a token of 0 characters; at least 16 are needed"},
		"unknown":   {"{name: a, role: read, tokn: " + secret + "}", `tokens[0].tokn (FILE): unknown key; the nearest known one is "token"`},
		"number":    {"{name: a, role: read, token: 12345678901234567}", "tokens[0].token (FILE): is an integer; must be a string (quote it)"},
		"not a map": {secret, "tokens[0] (FILE): is a string; must be a mapping of names to values"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, "tokens: ["+c.tokens+"]\n")
			_, err := config.Load(config.Input{File: path})
			var e *config.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *config.Error", err)
			}
			if got := strings.ReplaceAll(err.Error(), path, "FILE"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWithoutTokensOnlyThisMachineIsListenedTo(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"} {
		if _, err := config.Load(config.Input{Flags: map[string]string{"listen": address}}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{":1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "example.com:1"} {
		_, err := config.Load(config.Input{Flags: map[string]string{"listen": address}})
		want := `listen (--listen): is "` + address + `", which other machines may reach, but there are no tokens; ` +
			"set tokens in the config file or ROLLCALL_TOKENS, or listen on 127.0.0.1"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
