package registry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestParityDocument holds docs/parity.md against the tests: every rule and every difference has a row, every row a
// test that exists, and every test of a rule a row.
func TestParityDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "parity.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := testNames(t)
	named := map[string]bool{}
	rows := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) < 3 || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| # ") {
			continue
		}
		rows[strings.TrimSpace(cells[0])] = true
		tests := regexp.MustCompile(`\bTest\w+`).FindAllString(cells[len(cells)-1], -1)
		if len(tests) == 0 {
			t.Errorf("a row without a test: %s", strings.TrimSpace(line))
		}
		for _, name := range tests {
			named[name] = true
			if !there[name] {
				t.Errorf("there is no test %s", name)
			}
		}
	}

	for rule := 1; rule <= 27; rule++ {
		if !rows[fmt.Sprint(rule)] {
			t.Errorf("rule %d has no row", rule)
		}
	}
	for letter := 'a'; letter <= 'l'; letter++ {
		if !rows[string(letter)] {
			t.Errorf("difference %c has no row", letter)
		}
	}
	ofRules := regexp.MustCompile(`^Test(Rule|Format|Data|Difference|Addition)`)
	for name := range there {
		if ofRules.MatchString(name) && !named[name] {
			t.Errorf("%s is in no row", name)
		}
	}
}

// testNames are the tests of this package, as its files declare them.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
	}
	return names
}
