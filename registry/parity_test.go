package registry_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// replica is what the tests of the rules need of a registry. A member of the reference can take its place.
type replica interface {
	reader
	RegisterClient(ctx context.Context, clientID, clientProvider string, models []*registry.ModelInfo) error
	UnregisterClient(ctx context.Context, clientID string) error
	SetModelQuotaExceeded(ctx context.Context, clientID, modelID string) error
	ClearModelQuotaExceeded(ctx context.Context, clientID, modelID string) error
	SuspendClientModel(ctx context.Context, clientID, modelID, reason string) error
	ResumeClientModel(ctx context.Context, clientID, modelID string) error
	CleanupExpiredQuotas(ctx context.Context) (removed int, err error)
	Sync(ctx context.Context) error
	Close() error
}

// fleet is two replicas of one namespace. The tests write through a, unless they say otherwise, and every
// expectation holds on both.
type fleet struct {
	t     *testing.T
	a, b  replica
	still bool                                        // the clock only moves when it is told to
	real  bool                                        // not the reference
	open  func(id string, o registry.Options) replica // one more replica
	move  func(d time.Duration)
}

// everywhere runs a test on the reference and on both kinds of server. Without clock the servers are shared by the
// whole package, with it the test has its own and may move it.
func everywhere(t *testing.T, clock bool, o registry.Options, test func(f *fleet)) {
	t.Helper()
	t.Parallel()
	t.Run("reference", func(t *testing.T) {
		ref := newReference()
		f := &fleet{t: t, still: true, move: func(d time.Duration) { ref.advance(d) }}
		f.open = func(id string, o registry.Options) replica { return newMember(ref, id, o) }
		f.run(o, test)
	})
	each := onBoth
	if clock {
		each = onBothMoving
	}
	each(t, func(t *testing.T, s *redistest.Server) {
		ns := redistest.Namespace(t)
		f := &fleet{t: t, real: true, still: s.Miniredis() != nil, move: func(d time.Duration) { moveClock(t, s, d) }}
		f.open = func(id string, o registry.Options) replica {
			return openReplica(t, s, ns, id, o)
		}
		f.run(o, test)
	})
}

func (f *fleet) run(o registry.Options, test func(f *fleet)) {
	f.t.Helper()
	f.a, f.b = f.open("a", o), f.open("b", o)
	test(f)
}

// advance moves the clock and lets both replicas hear of it.
func (f *fleet) advance(d time.Duration) {
	f.t.Helper()
	f.move(d)
	f.sync()
}

func (f *fleet) sync() {
	f.t.Helper()
	f.ok(f.a.Sync(f.t.Context()))
	f.ok(f.b.Sync(f.t.Context()))
}

func (f *fleet) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) fails(err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Fatalf("error %v, want %v", err, want)
	}
}

// expect asks both replicas.
func (f *fleet) expect(question string, want any, ask func(r reader) any) {
	f.t.Helper()
	f.sync()
	for i, r := range []reader{f.a, f.b} {
		if got := ask(r); !reflect.DeepEqual(got, want) {
			f.t.Errorf("replica %c: %s\n\t got %s\n\twant %s", 'a'+i, question, show(got), show(want))
		}
	}
}

func (f *fleet) count(model string, want int) {
	f.t.Helper()
	f.expect("GetModelCount("+model+")", want, func(r reader) any { return r.GetModelCount(model) })
}

func (f *fleet) providers(model string, want ...string) {
	f.t.Helper()
	f.expect("GetModelProviders("+model+")", want, func(r reader) any { return r.GetModelProviders(model) })
}

func (f *fleet) supports(client, model string, want bool) {
	f.t.Helper()
	f.expect("ClientSupportsModel("+client+", "+model+")", want,
		func(r reader) any { return r.ClientSupportsModel(client, model) })
}

// clientModels expects the IDs of a client's models; none means nil.
func (f *fleet) clientModels(client string, want ...string) {
	f.t.Helper()
	f.expect("GetModelsForClient("+client+")", want, func(r reader) any { return ids(r.GetModelsForClient(client)) })
}

// info expects a model to be described as the one given, nil if it is not to be described.
func (f *fleet) info(model string, want *registry.ModelInfo) {
	f.t.Helper()
	f.expect("GetModelInfo("+model+")", want, func(r reader) any { return r.GetModelInfo(model) })
}

// listed expects the IDs of the available models; none means nil.
func (f *fleet) listed(want ...string) {
	f.t.Helper()
	f.expect("GetAvailableModelInfos()", want, func(r reader) any { return ids(r.GetAvailableModelInfos()) })
	f.expect("GetAvailableModels(openai)", want, func(r reader) any {
		var list []string
		for _, m := range r.GetAvailableModels("openai") {
			list = append(list, m["id"].(string))
		}
		return list
	})
}

// unchanged expects that write changes no answer of a small universe on either replica.
func (f *fleet) unchanged(u universe, write func()) {
	f.t.Helper()
	f.sync()
	before := u.ask(f.a)
	write()
	f.sync()
	for i, r := range []reader{f.a, f.b} {
		if diff := before.differences(u.ask(r)); diff != "" {
			f.t.Errorf("replica %c changed:\n%s", 'a'+i, diff)
		}
	}
}

func (f *fleet) register(client, provider string, models ...string) {
	f.t.Helper()
	f.ok(f.a.RegisterClient(f.t.Context(), client, provider, named(models...)))
}

func (f *fleet) unregister(client string) {
	f.t.Helper()
	f.ok(f.a.UnregisterClient(f.t.Context(), client))
}

func (f *fleet) quota(client, model string) {
	f.t.Helper()
	f.ok(f.a.SetModelQuotaExceeded(f.t.Context(), client, model))
}

func (f *fleet) suspend(client, model, reason string) {
	f.t.Helper()
	f.ok(f.a.SuspendClientModel(f.t.Context(), client, model, reason))
}

// named makes models of bare IDs.
func named(ids ...string) []*registry.ModelInfo {
	var models []*registry.ModelInfo
	for _, id := range ids {
		models = append(models, &registry.ModelInfo{ID: id})
	}
	return models
}

func ids(models []*registry.ModelInfo) []string {
	var list []string
	for _, m := range models {
		list = append(list, m.ID)
	}
	return list
}
