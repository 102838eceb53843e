package registry_test

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/registry"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

const machineReplicas = 3

var (
	machineSeeds  = flag.Int("statemachine.seeds", 6, "random histories to run")
	machineSteps  = flag.Int("statemachine.steps", 40, "commands in each of them")
	machineChecks = flag.Int("statemachine.checks", 15, "short histories to run besides, others each time")
)

// TestStateMachine runs random histories: three replicas, and after every command every answer of each of them is
// compared with the reference. One half of the histories meets a miniredis, the other one a Redis: that the scripts do
// the same on both is what the tests of the store compare, verb by verb.
func TestStateMachine(t *testing.T) {
	t.Parallel()
	onBothMoving(t, func(t *testing.T, s *redistest.Server) {
		clients := machineConnections(t, s)
		for seed := range *machineSeeds {
			if onMiniredis := s.Miniredis() != nil; onMiniredis != (seed%2 == 0) {
				continue
			}
			t.Log("seed", seed)
			newMachine(t, s, clients, fmt.Sprintf("seed-%d", seed), t.Fatalf).
				run(rapid.SliceOfN(commands, *machineSteps, *machineSteps).Example(seed))
		}
	})
}

// TestStateMachineShrinks runs short histories, others each time, and reduces one that fails.
func TestStateMachineShrinks(t *testing.T) {
	t.Parallel()
	runs, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		history := rapid.SliceOfN(commands, 1, 12).Draw(rt, "history")
		if runs++; runs > *machineChecks && !failed {
			return // that will do; but one that failed is run until it is short
		}
		if wrong := machineFails(t, history); wrong != "" {
			failed = true
			rt.Fatal(wrong)
		}
	})
}

// machineFails runs a history in a bubble and returns what is wrong, "" for nothing.
func machineFails(t *testing.T, history []command) (wrong string) {
	t.Helper()
	type stopped struct{}
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if reason := recover(); reason != nil && reason != (any)(stopped{}) {
				panic(reason)
			}
		}()
		s := redistest.MiniredisLive(t)
		newMachine(t, s, machineConnections(t, s), "run", func(format string, args ...any) {
			wrong = fmt.Sprintf(format, args...)
			panic(stopped{})
		}).run(history)
	})
	return wrong
}

// machineConnections gives each replica a client of its own.
func machineConnections(t *testing.T, s *redistest.Server) (clients [machineReplicas]redis.UniversalClient) {
	for i := range clients {
		clients[i] = s.Client(t)
	}
	return clients
}

// machine is the replicas of one namespace beside the reference.
type machine struct {
	t        *testing.T // of the servers; a history fails through fail
	s        *redistest.Server
	clients  [machineReplicas]redis.UniversalClient
	ns       string
	fail     func(format string, args ...any)
	ref      *reference
	replicas [machineReplicas]machineReplica
	answers  answers // after the last step
	reopened int
	removed  int           // marks that were cleaned up
	lead     time.Duration // of the server's clock over the reference's, when the history began
	past     []string
	noted    []registry.Position // after each command
}

type machineReplica struct {
	*registry.ModelRegistry
	told       *mirror
	who        refReplica
	generation uint64 // after the last step; 0 for a replica that has just come
}

func newMachine(
	t *testing.T, s *redistest.Server, clients [machineReplicas]redis.UniversalClient, ns string,
	fail func(format string, args ...any),
) *machine {
	m := &machine{t: t, s: s, clients: clients, ns: ns, fail: fail, ref: newReference()}
	m.answers, m.lead = machineUniverse.ask(m.ref), s.Now(m.t).Sub(m.ref.now)
	for i := range m.replicas {
		m.replicas[i].who = refReplica{id: fmt.Sprintf("replica-%d", i), window: 5 * time.Minute}
	}
	m.replicas[1].who.keepMarks = true
	m.replicas[2].who.window = 10 * time.Minute
	for i := range m.replicas {
		m.open(i)
	}
	return m
}

func (m *machine) open(i int) {
	r := &m.replicas[i]
	opened, err := registry.New(m.t.Context(), m.clients[i], registry.Options{
		Namespace: m.ns, ReplicaID: r.who.id, QuotaWindow: r.who.window, KeepMarks: r.who.keepMarks,
		OperationTimeout: unhurried, Logger: silence(),
	})
	if err != nil {
		m.failf("open replica %d: %v", i, err)
	}
	r.ModelRegistry, r.generation, r.told = opened, 0, newMirror(m.t, opened)
}

func (m *machine) close() {
	for i := range m.replicas {
		if r := m.replicas[i].ModelRegistry; r != nil {
			_ = r.Close() // the history is over, and a failed one may have closed it
			m.replicas[i].told.close()
		}
	}
}

func (m *machine) failf(format string, args ...any) {
	m.fail("history:\n\t%s\n%s", strings.Join(m.past, "\n\t"), fmt.Sprintf(format, args...))
}

// run carries out a history, and closes the machine.
func (m *machine) run(history []command) {
	defer m.close()
	for _, c := range history {
		c = m.ref.aimed(c, m.replicas[c.on].who)
		m.past = append(m.past, c.String())
		m.ref.step++
		changed, err := m.tell(c)
		if got := m.carryOut(c); !errors.Is(got, published(err)) {
			m.failf("error %v, want %v", got, published(err))
		}
		want := machineUniverse.ask(m.ref)
		moved := want.differences(m.answers)
		if c.do != "move the clock" { // a replica's own writes are there without asking for them
			m.compare(c.on, want, "before Sync, ")
		}
		for i := range m.replicas {
			if err := m.replicas[i].Sync(m.t.Context()); err != nil {
				m.failf("replica %d: Sync: %v", i, err)
			}
			m.compare(i, want, "")
			m.compareGeneration(i, moved, changed)
			if wrong := m.replicas[i].told.awaitView(m.replicas[i].ModelRegistry); wrong != "" {
				m.failf("replica %d told something else than it shows: %s", i, wrong)
			}
		}
		m.answers = want
		m.noted = append(m.noted, m.replicas[0].Position())
	}
}

// seen is the position that a command gives, for the reference and for the registry.
func (m *machine) seen(c command) (refSeen, registry.Position) {
	switch {
	case c.asOf < 2 || len(m.noted) == 0:
		return refSeen{}, registry.Position{}
	case c.asOf == 2:
		return refSeen{known: true, foreign: true}, registry.Position{Epoch: "another", Revision: 1 << 40, Nonce: "n"}
	}
	step := max(1, len(m.noted)+3-c.asOf)
	return refSeen{step: step, known: true}, m.noted[step-1]
}

func (m *machine) compare(i int, want answers, when string) {
	if diff := want.differences(machineUniverse.ask(m.replicas[i])); diff != "" {
		m.failf("%sreplica %d answers differently:\n%s", when, i, diff)
	}
}

// compareGeneration: another answer is another generation, and no change at all is none.
func (m *machine) compareGeneration(i int, moved string, changed bool) {
	r := &m.replicas[i]
	before, now := r.generation, r.GetGeneration()
	r.generation = now
	switch {
	case before == 0:
	case moved != "" && now == before:
		m.failf("replica %d is still at generation %d although answers changed:\n%s", i, now, moved)
	case !changed && now != before:
		m.failf("replica %d went from generation %d to %d, and nothing had changed", i, before, now)
	}
}

// tell says the command to the reference. It reports whether an answer may have changed.
func (m *machine) tell(c command) (changed bool, err error) {
	who := m.replicas[c.on].who
	switch c.do {
	case "register", "register again":
		return m.ref.register(who, c.client, c.provider, c.models)
	case "unregister":
		return m.ref.unregister(who, c.client)
	case "release":
		return m.ref.release(who, c.client)
	case "evict":
		return m.ref.evict(c.client)
	case "quota":
		c.limit.seen, _ = m.seen(c)
		return m.ref.quotaUntil(who, c.client, c.model, c.limit)
	case "suspend":
		return m.ref.suspendUntil(c.client, c.model, c.reason, c.limit.in, c.limit.actor)
	case "clear", "resume":
		by := refLift{actor: c.limit.actor}
		if seen, _ := m.seen(c); c.asOf > 0 {
			by.asOf = &seen
		}
		return m.ref.lift(c.client, c.model, c.do == "clear", by), nil
	case "move the clock":
		return m.ref.advance(c.by), nil
	case "reopen":
		return m.ref.close(who), nil
	}
	return true, nil // clean up and resync: see carryOut
}
