package httpapi_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/httpapi"
	"github.com/rollcall-dev/rollcall/registry"
)

// unwell is a registry that says of its health what a test wants.
type unwell struct {
	*registry.ModelRegistry
	health registry.Health
}

func (u unwell) Health() registry.Health { return u.health }

func TestLivenessNeverDependsOnRedis(t *testing.T) {
	t.Parallel()
	api := httpapi.New(unwell{newRegistry(t), registry.Health{Connected: false, Stale: true, Age: time.Hour}}, nil, silent(), httpapi.Options{})
	api.Drain()
	for _, path := range []string{"/healthz", "/health/liveliness", "/health/liveness"} {
		expect(t, call(api, "GET", path), 200, `{"status":"ok"}`)
	}
}

func TestReadinessTellsTheStateOfTheView(t *testing.T) {
	t.Parallel()
	position := registry.Position{Epoch: "e", Revision: 7, Nonce: "n"}
	for name, c := range map[string]struct {
		health registry.Health
		want   string
	}{
		"connected": {registry.Health{Connected: true, Age: 250 * time.Millisecond, Position: position, Replicas: 2},
			`"redis":"ok","view_age_seconds":0.25,"position":"` + position.String() + `","replicas":2,"stale":false,"settling":false,"polling":false}`},
		"behind": {registry.Health{Connected: true, Stale: true, Settling: true, Polling: true, Position: position},
			`"redis":"degraded","view_age_seconds":0,"position":"` + position.String() + `","replicas":0,"stale":true,"settling":true,"polling":true}`},
		"away": {registry.Health{Stale: true, Age: 2 * time.Minute, Position: position},
			`"redis":"down","view_age_seconds":120,"position":"` + position.String() + `","replicas":0,"stale":true,"settling":false,"polling":false}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := httpapi.New(unwell{newRegistry(t), c.health}, nil, silent(), httpapi.Options{})
			for _, path := range []string{"/readyz", "/health/readiness"} {
				expect(t, call(api, "GET", path), 200, `{"status":"ok",`+c.want)
			}
		})
	}
}

func TestReadinessEndsWhileDrainingButListsDoNot(t *testing.T) {
	t.Parallel()
	api, _ := newAPI(t, named("a")...)
	api.Drain()
	expect(t, call(api, "GET", "/readyz"), 503, `{"status":"shutting_down"}`)
	expect(t, call(api, "GET", "/health/readiness"), 503, `{"status":"shutting_down"}`)
	if w := call(api, "GET", "/v1/models"); w.Code != 200 {
		t.Errorf("the list answers %d while draining", w.Code)
	}
}
