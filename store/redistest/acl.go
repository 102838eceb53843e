package redistest

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// aclVariable makes every URL and client of a real server that of the documented user when it is "1".
const aclVariable = "ROLLCALL_TEST_ACL"

// The documented user's name and password.
const (
	documentedName     = "rollcall"
	documentedPassword = "PASSWORD"
)

var (
	documentedCommand = regexp.MustCompile(`(?m)^redis-cli ACL SETUSER ` + documentedName + ` ((?:.*\\\n)*.*)$`)
	documentedMore    = regexp.MustCompile("(?m)^- (.+?) add ((?:`[^`]+`(?:, | and )?)+)")
	quoted            = regexp.MustCompile("`([^`]+)`")
)

// What docs/operations.md says of the user where the plain one is not enough: "- <where> add `+command`".
const (
	OnCluster      = "On Redis Cluster"
	OtherDatabases = "With a database other than 0 in the URL"
	ListNamespaces = "For `rollcall namespace list`"
)

// DocumentedUser is the rules of the ACL user that docs/operations.md shows, with what it adds in these cases. Its
// password is PASSWORD.
func DocumentedUser(tb testing.TB, cases ...string) []string {
	tb.Helper()
	rules, err := documentedUser(cases...)
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	return rules
}

func documentedUser(cases ...string) ([]string, error) {
	text, err := readOperations()
	if err != nil {
		return nil, err
	}
	command := documentedCommand.FindStringSubmatch(text)
	if command == nil {
		return nil, fmt.Errorf("docs/operations.md shows no ACL SETUSER %s", documentedName)
	}
	rules := strings.Fields(strings.NewReplacer("\\\n", " ", "'", "").Replace(command[1]))
	more := map[string][]string{}
	for _, line := range documentedMore.FindAllStringSubmatch(text, -1) {
		for _, rule := range quoted.FindAllStringSubmatch(line[2], -1) {
			more[line[1]] = append(more[line[1]], rule[1])
		}
	}
	for _, one := range cases {
		if more[one] == nil {
			return nil, fmt.Errorf("docs/operations.md does not say what to add %q", one)
		}
		rules = append(rules, more[one]...)
	}
	return rules, nil
}

// readOperations looks for the document above the directory of the test.
func readOperations() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for docs/operations.md: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "docs", "operations.md"))
		if err == nil || !os.IsNotExist(err) {
			return string(text), err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("looking for docs/operations.md: %w", err)
		}
		dir = up
	}
}

// restrict makes a server that is about to start know the documented user, if the environment asks for it. It returns
// the user's name, empty where clients are to be the default user.
func (p *process) restrict(cases ...string) (user string, err error) {
	if os.Getenv(aclVariable) != "1" || p.password != "" {
		return "", nil
	}
	rules, err := documentedUser(cases...)
	if err != nil {
		return "", err
	}
	p.args = append(append(p.args, "--user", documentedName), rules...)
	return documentedName, nil
}

// Admin is a new client that may do everything, closed at the end of the test. Tests look at and damage what a server
// holds with it, and move the server itself; all else goes through Client and URL, whose user may be restricted.
func (s *Server) Admin(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	c := s.asAdmin().connect()
	s.closeLater(tb, c)
	return c
}

// URLFor is URL in one of the cases in which the documented user needs more.
func (s *Server) URLFor(tb testing.TB, one string) string {
	tb.Helper()
	if s.user == "" {
		return s.URL()
	}
	other := s.asAdmin()
	other.user = s.user + "-" + strings.ToLower(rand.Text()[:8])
	args := []any{"ACL", "SETUSER", other.user}
	cases := []string{one}
	if s.kind == kindCluster {
		cases = append(cases, OnCluster)
	}
	for _, rule := range DocumentedUser(tb, cases...) {
		args = append(args, rule)
	}
	for _, p := range s.processes {
		if err := s.addUser(tb, p, args); err != nil {
			tb.Fatalf("redistest: %v", err)
		}
	}
	return other.URL()
}

func (s *Server) addUser(tb testing.TB, p *process, args []any) error {
	c := p.connect()
	defer c.Close()
	return c.Do(tb.Context(), args...).Err()
}

// asAdmin is this server for clients that may do everything.
func (s *Server) asAdmin() *Server {
	return &Server{kind: s.kind, addrs: s.addrs, password: s.password, dial: s.dial}
}
