package faults

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityDocument: every test and benchmark that docs/reliability.md names is in this package, or with its name
// in front in package registry, and every test of a fault is named there.
func TestReliabilityDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/reliability.md")
	must(t, err)
	there := map[string]bool{}
	for _, in := range []struct{ folder, prefix string }{{".", ""}, {"..", "registry."}} {
		files, err := filepath.Glob(in.folder + "/*_test.go")
		must(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				there[in.prefix+found[1]] = true
			}
		}
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile(`\b(?:registry\.)?(?:Test|Benchmark)[A-Z]\w+`).FindAllString(string(document), -1) {
		named[name] = true
		if !there[name] {
			t.Errorf("docs/reliability.md names %s, which is not there", name)
		}
	}
	for name := range there {
		if name != "TestMain" && name != t.Name() && !strings.HasPrefix(name, "registry.") && !named[name] {
			t.Errorf("docs/reliability.md does not name %s", name)
		}
	}
	for line := range strings.Lines(string(document)) {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "-run ") && !strings.Contains(line, "go test") {
			t.Errorf("a row without a whole command: %s", line)
		}
	}
}
