package registry_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/scripts"
)

// The tests of this file hold the documents against the code.

// readDocument returns a file of the project by its path from the top.
func readDocument(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(path)))
	must(t, err)
	return string(text)
}

// TestGoIsInTheExamples: every block of Go in the README and in the page on marks stands in one of the examples, which
// are run.
func TestGoIsInTheExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("example*_test.go")
	must(t, err)
	var examples strings.Builder
	for _, file := range files {
		examples.WriteString(unindented(readDocument(t, "registry/"+file)))
	}
	for _, page := range []string{"README.md", "docs/marks.md"} {
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readDocument(t, page), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no Go", page)
		}
		for _, block := range blocks {
			if !strings.Contains(examples.String(), unindented(block[1])) {
				t.Errorf("%s, in no example:\n%s", page, block[1])
			}
		}
	}
}

func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// TestPromisesDocument: every promise has a row, every test that a row names is there, and every test that is named
// after a promise is in that promise's row.
func TestPromisesDocument(t *testing.T) {
	t.Parallel()
	rows := map[int]string{}
	for line := range strings.Lines(readDocument(t, "docs/promises.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if number, err := strconv.Atoi(strings.TrimSpace(cells[0])); err == nil && strings.HasPrefix(line, "|") {
			rows[number] = cells[len(cells)-1]
		}
	}
	there := testsByFolder(t)
	for number := 1; number <= 19; number++ {
		if rows[number] == "" {
			t.Errorf("promise %d has no row", number)
		}
		for _, named := range regexp.MustCompile("`([a-z/]+)\\.(\\w+)`").FindAllStringSubmatch(rows[number], -1) {
			if !there[named[1]][named[2]] {
				t.Errorf("promise %d: there is no %s in %s", number, named[2], named[1])
			}
		}
	}
	for name := range there["registry"] {
		if found := regexp.MustCompile(`^TestPromise(\d\d)`).FindStringSubmatch(name); found != nil {
			number, _ := strconv.Atoi(found[1])
			if !strings.Contains(rows[number], "`registry."+name+"`") {
				t.Errorf("%s is not in the row of promise %d", name, number)
			}
		}
	}
}

// testsByFolder finds the names of all tests and benchmarks of the project, by the folder of their package.
func testsByFolder(t *testing.T) map[string]map[string]bool {
	t.Helper()
	found := map[string]map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Example)\w*)\(`)
	must(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		if found[folder] == nil {
			found[folder] = map[string]bool{}
		}
		for _, match := range function.FindAllSubmatch(text, -1) {
			found[folder][string(match[1])] = true
		}
		return err
	}))
	return found
}

// TestDesignNamesEveryKeyAndScript: docs/design.md leaves none out.
func TestDesignNamesEveryKeyAndScript(t *testing.T) {
	t.Parallel()
	design := readDocument(t, "docs/design.md")
	names := scripts.Verbs()
	keys := regexp.MustCompile(`(?m)^-- KEYS +(.*)$`).FindStringSubmatch(scripts.Source("head"))
	if keys == nil {
		t.Fatal("the scripts do not say what their keys are")
	}
	for _, name := range append(names, strings.Fields(keys[1])...) {
		if !regexp.MustCompile("`" + name + "[`:]").MatchString(design) {
			t.Errorf("docs/design.md does not name %s", name)
		}
	}
}

// TestLinksBetweenDocuments: what a document links to is there.
func TestLinksBetweenDocuments(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	must(t, err)
	for _, document := range append(documents, filepath.Join("..", "README.md")) {
		text, err := os.ReadFile(document)
		must(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), string(link[1]))); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(document), link[1], err)
			}
		}
	}
}
