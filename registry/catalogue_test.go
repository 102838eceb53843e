package registry_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// clientsPerSection is how many clients supply each section of the catalogue.
const clientsPerSection = 5

// loadCatalogue reads the catalogue that ROLLCALL_TEST_CATALOGUE names, or the one in testdata.
func loadCatalogue(t *testing.T) map[string][]*registry.ModelInfo {
	t.Helper()
	path := os.Getenv("ROLLCALL_TEST_CATALOGUE")
	if path == "" {
		path = filepath.Join("testdata", "catalogue.json")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string][]*registry.ModelInfo
	if err := json.Unmarshal(text, &catalogue); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(catalogue) == 0 {
		t.Fatalf("%s has no sections", path)
	}
	return catalogue
}

// TestCatalogue registers a whole catalogue on one replica. Another one, there from the start, and a third that
// comes later answer every question as the reference does: fresh, with marks, and when some clients have left.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	catalogue := loadCatalogue(t)
	u := universe{handlers: handlers, providers: []string{"nobody"}, clients: []string{"nobody"}, models: []string{"nothing"}}
	for section, models := range catalogue {
		u.providers = append(u.providers, section)
		for n := range clientsPerSection {
			u.clients = append(u.clients, fmt.Sprintf("%s-%d", section, n))
		}
		for _, m := range models {
			if !slices.Contains(u.models, m.ID) {
				u.models = append(u.models, m.ID)
			}
		}
	}

	onBoth(t, func(t *testing.T, s *redistest.Server) {
		ns, ref := redistest.Namespace(t), newReference()
		writer := openReplica(t, s, ns, "writer", registry.Options{})
		early := openReplica(t, s, ns, "early", registry.Options{})
		expected := newMember(ref, "writer", registry.Options{})
		compare := func(when, name string, r replica) {
			t.Helper()
			if err := r.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := u.ask(ref).differences(u.ask(r)); diff != "" {
				t.Errorf("%s: replica %s answers differently:\n%s", when, name, diff)
			}
		}
		do := func(write func(r replica) error) {
			t.Helper()
			for _, r := range []replica{writer, expected} {
				if err := write(r); err != nil {
					t.Fatal(err)
				}
			}
		}

		registerCatalogue(t, catalogue, do)
		compare("registered", "writer", writer)
		compare("registered", "early", early)

		markCatalogue(t, catalogue, do)
		compare("marked", "early", early)
		late := openReplica(t, s, ns, "late", registry.Options{})
		compare("marked", "late", late)

		for section := range catalogue {
			for n := 3; n < clientsPerSection; n++ {
				do(func(r replica) error { return r.UnregisterClient(t.Context(), fmt.Sprintf("%s-%d", section, n)) })
			}
		}
		compare("thinned out", "early", early)
		compare("thinned out", "late", late)
	})
}

func registerCatalogue(t *testing.T, catalogue map[string][]*registry.ModelInfo, do func(func(r replica) error)) {
	for _, section := range slices.Sorted(maps.Keys(catalogue)) {
		for n := range clientsPerSection {
			client := fmt.Sprintf("%s-%d", section, n)
			do(func(r replica) error { return r.RegisterClient(t.Context(), client, section, catalogue[section]) })
		}
	}
}

// markCatalogue leaves some models whole, some with fewer clients, some cooling and some without any client.
func markCatalogue(t *testing.T, catalogue map[string][]*registry.ModelInfo, do func(func(r replica) error)) {
	ctx := t.Context()
	for section, models := range catalogue {
		for i, m := range models {
			for n := range clientsPerSection {
				client := fmt.Sprintf("%s-%d", section, n)
				if i%4 == 1 && n < 2 || i%4 == 2 {
					do(func(r replica) error { return r.SetModelQuotaExceeded(ctx, client, m.ID) })
				}
				if i%4 == 1 && n == 1 || i%4 == 2 && n == 2 {
					do(func(r replica) error { return r.SuspendClientModel(ctx, client, m.ID, "quota") })
				}
				if i%4 == 3 {
					do(func(r replica) error { return r.SuspendClientModel(ctx, client, m.ID, "revoked") })
				}
			}
		}
	}
}
