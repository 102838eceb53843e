package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rollcall-dev/rollcall/store/redistest"
)

// readmePort is where the README has its daemon; the tests put their own in its place.
const readmePort = "http://127.0.0.1:8420"

// readme returns a section of README.md, and the commands in it that begin with a word.
func readme(t *testing.T, section, word string) (text string, commands []string) {
	t.Helper()
	page, err := os.ReadFile("../../README.md")
	must(t, err)
	_, text, found := strings.Cut(string(page), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "    "+word+" "); ok {
			commands = append(commands, strings.TrimSpace(rest))
		}
	}
	if !found || len(commands) == 0 {
		t.Fatalf("the README has no %s in a section %s", word, section)
	}
	return text, commands
}

// serveAsWritten starts the daemons of a section, with what is replaced in their command lines.
func serveAsWritten(t *testing.T, section string, replaced ...string) (daemons []*child) {
	t.Helper()
	_, commands := readme(t, section, "go run ./cmd/rollcall serve")
	replaced = append(replaced, "config.example.yaml", example(t)) // they are run at the top
	for _, line := range commands {
		daemons = append(daemons, serve(t, nil, strings.Fields(strings.NewReplacer(replaced...).Replace(line))...))
	}
	return daemons
}

// TestReadmeStart does what the section says, and holds what it says of the answers.
func TestReadmeStart(t *testing.T) {
	t.Parallel()
	d := serveAsWritten(t, "Start")[0]
	text, urls := readme(t, "Start", "curl")
	for _, url := range urls {
		path, ok := strings.CutPrefix(url, readmePort)
		if status, _ := d.get(path); !ok || status != 200 {
			t.Errorf("curl %s is answered with %d", url, status)
		}
	}
	_, shown, _ := strings.Cut(text, "[...,\n")
	shown, _, _ = strings.Cut(shown, ",...]}")
	shown = strings.ReplaceAll(strings.TrimSpace(shown), "\n    ", "")
	if _, list := d.get("/v1/models"); shown == "" || !strings.Contains(list, shown) {
		t.Errorf("the list is\n%s\nwithout\n%s", list, shown)
	}
	for _, path := range regexp.MustCompile("`(/[a-z0-9/]+)`").FindAllStringSubmatch(text, -1) {
		if status, body := d.get(path[1]); status != 200 {
			t.Errorf("%s is answered with %d: %s", path[1], status, body)
		}
	}
	header := regexp.MustCompile(`-H '([\w-]+): ([^']+)'`).FindStringSubmatch(text)
	if _, list := d.get("/v1/models", header[1], header[2]); !strings.Contains(list, `"has_more":`) {
		t.Errorf("with %s the list is %s", header[0], list)
	}
}

// TestReadmeCommandLine does the five things that people do first, in a shell, as they stand there.
func TestReadmeCommandLine(t *testing.T) {
	t.Parallel()
	d := serveAsWritten(t, "Start")[0]
	const section = "The command line"
	_, exports := readme(t, section, "export")
	env := []string{strings.ReplaceAll(exports[0], readmePort, d.base)}
	wants := map[string]string{
		"models": "claude-sonnet-4-5 ", "model show": "northwind-claude-key ", "suspend": "suspended\n", "resume": "available\n",
	}
	_, commands := readme(t, section, "rollcall")
	for _, line := range commands {
		if line == "watch" {
			watch(t, env).until("synced")
			continue
		}
		shell := exec.CommandContext(t.Context(), "sh", "-c", "rollcall "+line)
		shell.Env = append(slices.Clone(env), "PATH="+filepath.Dir(binary))
		out, err := shell.CombinedOutput()
		known := false
		for verb, want := range wants {
			if line == verb || strings.HasPrefix(line, verb+" ") {
				known = strings.Contains(string(out), want)
				delete(wants, verb)
			}
		}
		if err != nil || !known {
			t.Errorf("rollcall %s: %v\n%s", line, err, out)
		}
	}
	if len(wants) > 0 || len(commands) != 5 {
		t.Errorf("there are %d things to do first, and none of %v", len(commands), wants)
	}
}

// TestReadmeTwoReplicas starts the two that are started by hand, as the default user and as the documented one.
func TestReadmeTwoReplicas(t *testing.T) {
	t.Parallel()
	for user, login := range map[string]string{"default": "", "documented": "rollcall:PASSWORD@"} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			server := redistest.Redis(t)
			setUser := []any{"ACL", "SETUSER", "rollcall"}
			for _, rule := range redistest.DocumentedUser(t) {
				setUser = append(setUser, rule)
			}
			must(t, server.Admin(t).Do(t.Context(), setUser...).Err())
			twoReplicas(t, "redis://"+login+server.Addr())
		})
	}
}

func twoReplicas(t *testing.T, url string) {
	daemons := serveAsWritten(t, "Two replicas on a Redis", "redis://127.0.0.1:6379", url, "127.0.0.1:8421", "127.0.0.1:0")
	if len(daemons) != 2 {
		t.Fatalf("started %d", len(daemons))
	}
	for _, d := range daemons {
		d.eventually(d.readiness, `"replicas":2`)
	}
	all := daemons[0].ids()
	daemons[1].awaitIDs(all)
	daemons[0].signal(syscall.SIGTERM) // the other holds the clients, too
	daemons[0].exitCode()
	daemons[1].awaitIDs(all)
	for _, d := range daemons {
		if out := d.output.String(); strings.Contains(out, "rights") {
			t.Errorf("the log speaks of rights:\n%s", out)
		}
	}
}
