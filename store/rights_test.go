package store

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// commandsChecked are the lines of the script rights.
func commandsChecked(t *testing.T) [][]string {
	t.Helper()
	list := regexp.MustCompile(`(?s)\[\[\n(.*?)\]\]`).FindStringSubmatch(scripts.Source("rights"))
	if list == nil {
		t.Fatal("rights has no list of commands")
	}
	var commands [][]string
	for line := range strings.Lines(list[1]) {
		commands = append(commands, strings.Fields(line))
	}
	return commands
}

// Redis 8 answers for a command only with as many arguments as the command takes.
func TestRightsNamesFullCommands(t *testing.T) {
	t.Parallel()
	known := redistest.Shared(t).Admin(t).Command(t.Context()).Val()
	for _, command := range commandsChecked(t) {
		info := known[strings.ToLower(command[0])]
		if info == nil {
			t.Errorf("the server has no %s", command[0])
			continue
		}
		n, arity := len(command), int(info.Arity)
		if arity > 0 && n != arity || n < -arity {
			t.Errorf("%v has %d words, the server wants %d", command, n, arity)
		}
	}
}

// A server that cannot tell is no reason to refuse it.
func TestRightsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Config: []string{"--rename-command", "ZREVRANGE", ""}})
	s := openURL(t, server.URL())
	warnings, err := s.Inspect(t.Context())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "are not known: ZREVRANGE: ") {
		t.Errorf("got warnings %q, error %v", warnings, err)
	}
	wantFinding(t, examined(t, s), "rights", FindingWarn, "not known: ZREVRANGE: ")
}

// A command that is refused counts more than one that the server cannot check.
func TestLackingRightBesideOneThatIsNotKnown(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Config: []string{"--rename-command", "EXISTS", ""}})
	args := []any{"ACL", "SETUSER", "weak"}
	for _, rule := range redistest.DocumentedUser(t) {
		if rule != "+exists" && rule != "+zscore" {
			args = append(args, rule)
		}
	}
	if err := server.Admin(t).Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	_, err := openURL(t, "redis://weak:PASSWORD@"+server.Addr()).Inspect(t.Context())
	if !errors.Is(err, ErrUnsafeServer) || !strings.Contains(err.Error(), "may not use ZSCORE") {
		t.Errorf("%v", err)
	}
}

func TestRightsOfAServerWithoutTheCheck(t *testing.T) {
	t.Parallel()
	s := openURL(t, redistest.Miniredis(t).URL())
	if warnings, err := s.Inspect(t.Context()); err != nil || len(warnings) > 0 {
		t.Errorf("got warnings %q, error %v", warnings, err)
	}
	wantFinding(t, examined(t, s), "rights", FindingOK, "not known: the server cannot check")
}

// Without a command a script ends with an error that says so, and that no repetition mends.
func TestScriptWithoutACommand(t *testing.T) {
	t.Parallel()
	server := redistest.Redis(t, redistest.Options{Config: []string{"--rename-command", "XADD", ""}})
	_, err := openURL(t, server.URL()).Begin(t.Context(), Position{}, Position{}, "test")
	if !errors.Is(err, ErrUnsafeServer) || errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
