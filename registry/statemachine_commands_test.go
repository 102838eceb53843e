package registry_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/registry"
)

// command is one step of a random history.
type command struct {
	do       string
	on       int // which replica carries it out
	client   string
	provider string
	model    string
	models   []*registry.ModelInfo
	reason   string
	limit    refLimit      // of a quota; in says also how long a suspension lasts
	asked    bool          // the limit is told by how long it lasts, not by when it ends
	asOf     int           // the position that is given: 0 none, 1 the zero one, 2 of another epoch, then the last and before
	aim      int           // 0: the pair as it is, else one that is registered
	by       time.Duration // how far the clock moves
	renamed  bool          // a replica comes back under another ID
}

// The names in the histories: some differ only by case or space, one is used by nobody.
var (
	machineClients   = []string{"c1", "c2", "C1"}
	machineModels    = []string{"alpha", "beta", "Alpha", "openai/gpt-5:free", " spaced ", "zeta"}
	machineProviders = []string{"gemini", "Gemini", "claude ", ""}

	machineUniverse = universe{
		clients:   append([]string{" c1 ", "nobody"}, machineClients...),
		models:    append([]string{"spaced", "ALPHA", "nothing", "*"}, machineModels...),
		providers: []string{"gemini", "GEMINI", "claude ", "claude", "nobody", ""},
		handlers:  []string{"openai", "claude", "gemini", "other"},
	}
)

// described versions of the models: dates tie, are absent, and change order between the versions.
func machineModel(id, version int) *registry.ModelInfo {
	m := &registry.ModelInfo{
		ID: machineModels[id], OwnedBy: "owner", Created: int64(100 + 50*(id/2)), DisplayName: fmt.Sprintf("version %d", version),
	}
	if version == 2 {
		m.Created = int64(1000 - 100*id)
		m.Name, m.InputTokenLimit, m.ContextLength = "models/"+m.ID, 1000+id, 2000+id
		m.SupportedParameters = []string{"tools"}
		m.Thinking = &registry.ThinkingSupport{Max: id, Levels: []string{"low"}}
	}
	if id == 3 {
		m.Created = 0
	}
	return m
}

// kinds of commands: those named twice come twice as often. The generator favours the ends of a list.
var kinds = []string{
	"register", "quota", "suspend", "move the clock", "quota", "suspend", "clear", "register", "move the clock", "resume",
	"unregister", "clean up", "release", "evict", "resync", "reopen", "clear", "resume", "register again", "quota",
	"suspend", "register", "register again",
}

var commands = rapid.Custom(func(t *rapid.T) command {
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, what) }
	c := command{do: pick("do", kinds...), on: rapid.IntRange(0, machineReplicas-1).Draw(t, "replica")}
	c.client = pick("client", machineClients...)
	switch c.do {
	case "register", "register again":
		c.client = pick("client", "c1", "c2", "C1", "c1", "", "c2", "C1")
		c.provider = pick("provider", machineProviders...)
		n := rapid.SampledFrom([]int{2, 1, 3, 0, 4, 5, 1, 3}).Draw(t, "length")
		c.models = rapid.SliceOfN(machineEntry, n, n).Draw(t, "models")
	case "unregister", "release", "evict", "quota", "suspend", "clear", "resume":
		c.model = pick("model", machineModels...)
		c.reason = pick("reason", "quota", "QUOTA", "manual", "")
		// Most clients are given up where they are held, most marks are set where they can be, and most are lifted
		// where there is one.
		c.aim = rapid.SampledFrom([]int{1, 2, 3, 0, 4, 5, 6, 7}).Draw(t, "aim")
		c.limit.actor = pick("actor", "", "", "", "alice", "")
		c.asOf = rapid.SampledFrom([]int{0, 3, 4, 0, 5, 1, 2, 7, 0}).Draw(t, "as of")
		if c.limit.stated = rapid.Bool().Draw(t, "stated"); c.limit.stated {
			// Half of the time that the clock moves is between each of these and every sum of its moves.
			odd := 45 * time.Second
			c.limit.in = rapid.SampledFrom([]time.Duration{
				30*time.Minute + odd, 3*time.Hour + odd, 3*time.Minute/2 + odd, 20*time.Hour + odd, -time.Hour, 1000 * time.Hour,
			}).Draw(t, "in")
			c.asked = rapid.Bool().Draw(t, "asked")
		}
		c.limit.rank = rapid.IntRange(1, 4).Draw(t, "rank")
	case "move the clock":
		// No sum of these comes within seconds of a window (5 and 10 minutes) or of the day that a suspension waits.
		far, near := 13*time.Hour, 90*time.Second
		c.by = rapid.SampledFrom([]time.Duration{near, near, near, near, far, near, near}).Draw(t, "far")
	case "reopen":
		c.renamed = rapid.Bool().Draw(t, "renamed")
	}
	return c
})

// machineEntry is one entry of a list; now and then it is unusable.
var machineEntry = rapid.Custom(func(t *rapid.T) *registry.ModelInfo {
	which := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 0, 1, -1, -2, 2, 3, 4, 5, 0, 1}).Draw(t, "entry")
	switch which {
	case -1:
		return nil
	case -2:
		return &registry.ModelInfo{DisplayName: "no ID"}
	}
	return machineModel(which, 1+one(rapid.Bool().Draw(t, "version")))
})

// aimed settles what a command leaves to what is registered when its turn comes.
func (ref *reference) aimed(c command, who refReplica) command {
	there := slices.Sorted(maps.Keys(ref.clients))
	if len(there) == 0 || c.aim == 0 && c.do != "register again" {
		return c
	}
	switch c.do {
	case "register again":
		if known := ref.clients[c.client]; known != nil {
			c.provider, c.models = known.provider, known.models
		}
	case "unregister", "release":
		for _, client := range there {
			if ref.clients[client].holders[who.id] {
				c.client = client
			}
		}
	case "quota", "suspend":
		c.client = there[c.aim%len(there)]
		models := ref.clients[c.client].models
		if c.model = models[c.aim%len(models)].ID; c.aim > 5 {
			c.model = "*"
		}
	case "clear", "resume":
		for _, client := range there {
			if marked := slices.Sorted(maps.Keys(ref.clients[client].marks)); len(marked) > 0 {
				c.client, c.model = client, marked[c.aim%len(marked)]
			}
		}
	}
	return c
}

// String is one line of a failed test's history.
func (c command) String() string {
	text := fmt.Sprintf("replica %d: %s", c.on, c.do)
	switch c.do {
	case "register", "register again":
		var list []string
		for _, m := range c.models {
			switch {
			case m == nil:
				list = append(list, "nil")
			default:
				list = append(list, fmt.Sprintf("%q %s", m.ID, m.DisplayName))
			}
		}
		text += fmt.Sprintf(" %q %q [%s]", c.client, c.provider, strings.Join(list, ", "))
	case "unregister", "release", "evict":
		text += fmt.Sprintf(" %q", c.client)
	case "quota":
		text += fmt.Sprintf(" %q %q %+v, by how long %t, as of %d", c.client, c.model, c.limit, c.asked, c.asOf)
	case "clear", "resume":
		text += fmt.Sprintf(" %q %q by %q as of %d", c.client, c.model, c.limit.actor, c.asOf)
	case "suspend":
		text += fmt.Sprintf(" %q %q %q for %v by %q", c.client, c.model, c.reason, c.limit.in, c.limit.actor)
	case "move the clock":
		text += " by " + c.by.String()
	case "reopen":
		text += fmt.Sprintf(", renamed %t", c.renamed)
	}
	return text
}

// GoString keeps the test tool's own reports readable.
func (c command) GoString() string { return c.String() }
