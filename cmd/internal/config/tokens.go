package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

// The roles of tokens.
const (
	RoleRead  = "read"  // everything that changes nothing
	RoleWrite = "write" // everything
)

const (
	tokensVariable = "ROLLCALL_TOKENS"
	minTokenBytes  = 16
)

// Token lets its bearer use the HTTP API. The secret itself is not kept.
type Token struct {
	Name string // who bears it; the actor of what is done with it
	Role string
	Sum  [sha256.Size]byte // SHA-256 of the secret
}

// statedToken is a token as the config file has it.
type statedToken struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Token     string `json:"token"`
	TokenFile string `json:"token_file"`
}

// readTokens reads the tokens from the environment, as name:role:token,..., or else from the file. No error repeats a
// secret.
func readTokens(f *file) ([]Token, source, error) {
	if text := os.Getenv(tokensVariable); text != "" {
		from := source{fromEnvironment, tokensVariable}
		stated, err := parseTokens(text)
		if err != nil {
			return nil, from, err
		}
		tokens, err := checkTokens(stated, from, "")
		return tokens, from, err
	}
	from := source{fromFile, f.path}
	var stated []statedToken
	if err := f.decode("tokens", strict.Decoder{}, &stated); err != nil {
		return nil, from, err
	}
	tokens, err := checkTokens(stated, from, filepath.Dir(f.path))
	return tokens, from, err
}

// parseTokens reads the form of the environment. A token may hold colons, and no commas.
func parseTokens(text string) ([]statedToken, error) {
	var stated []statedToken
	for i, entry := range strings.Split(text, ",") {
		parts := strings.SplitN(strings.TrimSpace(entry), ":", 3)
		if len(parts) != 3 {
			return nil, &Error{fmt.Sprintf("tokens[%d]", i), tokensVariable, "must read name:role:token"}
		}
		stated = append(stated, statedToken{Name: parts[0], Role: parts[1], Token: parts[2]})
	}
	return stated, nil
}

// checkTokens finds the secrets and refuses what is wrong by its field. dir is where relative files are.
func checkTokens(stated []statedToken, from source, dir string) ([]Token, error) {
	var tokens []Token
	names, sums := map[string]int{}, map[[sha256.Size]byte]int{}
	for i, t := range stated {
		refuse := func(field, format string, args ...any) error {
			return &Error{fmt.Sprintf("tokens[%d]%s", i, field), from.name, fmt.Sprintf(format, args...)}
		}
		if p := IDProblem(t.Name, maxNameBytes); p != "" {
			return nil, refuse(".name", "%s", p)
		}
		if first, ok := names[t.Name]; ok {
			return nil, refuse(".name", "is %q, as tokens[%d].name is; each token needs its own", t.Name, first)
		}
		if p := choiceProblem(t.Role, []string{RoleRead, RoleWrite}); p != "" {
			return nil, refuse(".role", "%s", p)
		}
		secret, field, problem := t.secret(dir)
		if problem != "" {
			return nil, refuse(field, "%s", problem)
		}
		sum := sha256.Sum256([]byte(secret))
		if first, ok := sums[sum]; ok {
			return nil, refuse(field, "is that of tokens[%d]; each needs its own", first)
		}
		names[t.Name], sums[sum] = i, i
		tokens = append(tokens, Token{t.Name, t.Role, sum})
	}
	return tokens, nil
}

// secret returns the token itself, and the field that states it with what is wrong there.
func (t statedToken) secret(dir string) (secret, field, problem string) {
	switch {
	case t.Token != "" && t.TokenFile != "":
		return "", ".token_file", "token is set as well; keep one of them"
	case t.TokenFile == "":
		return t.Token, ".token", secretProblem(t.Token)
	}
	path := t.TokenFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		var reason *fs.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return "", ".token_file", path + " cannot be read: " + err.Error()
	}
	secret = strings.TrimSpace(string(data))
	return secret, ".token_file", secretProblem(secret)
}

// secretProblem says why a secret cannot be one, without repeating it.
func secretProblem(secret string) string {
	if len(secret) < minTokenBytes {
		return fmt.Sprintf("is a token of %d characters; at least %d are needed", len(secret), minTokenBytes)
	}
	if strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "is a token with characters that no header can carry; use visible ASCII without spaces"
	}
	return ""
}
