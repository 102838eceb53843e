package redistest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/operations.md names the servers and packages that .ci/run tests, and no others.
func TestDocumentedServersAreTested(t *testing.T) {
	t.Parallel()
	page, err := readOperations()
	ok(t, err)
	run, err := os.ReadFile("../../.ci/run")
	ok(t, err)
	loop := regexp.MustCompile(`(?s)for server in ([^;]+); do\n(.*?)\ndone`).FindSubmatch(run)
	if loop == nil {
		t.Fatal(".ci/run has no loop over servers")
	}
	servers := strings.Fields(string(loop[1]))
	var packages []string
	for _, found := range regexp.MustCompile(`\./(\S+)`).FindAllSubmatch(loop[2], -1) {
		packages = append(packages, string(found[1]))
	}

	row := regexp.MustCompile("(?m)^\\| [^|]*, `(\\w+)` \\|[^|]*\\|([^|]*)\\|$")
	var documented []string
	for i, found := range row.FindAllStringSubmatch(page, -1) {
		documented = append(documented, found[1])
		if i > 0 {
			if strings.TrimSpace(found[2]) != "the same" {
				t.Errorf("%s: %s", found[1], found[2])
			}
			continue
		}
		var named []string
		for _, quote := range quoted.FindAllStringSubmatch(found[2], -1) {
			named = append(named, quote[1])
		}
		if !slices.Equal(named, packages) {
			t.Errorf("documented are the packages %v, tested are %v", named, packages)
		}
	}
	if !slices.Equal(documented, servers) {
		t.Errorf("documented are %v, tested are %v", documented, servers)
	}
}
