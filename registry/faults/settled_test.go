package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// contents is what a namespace holds in Redis, of one moment.
type contents struct {
	hashes map[string]map[string]string
	sizes  map[string]int64
	feed   []redis.XMessage
}

var (
	hashes = []string{"meta", "clients", "catalogs", "rosters", "catalog_refs", "counts", "providers", "marks", "replicas"}
	sorted = []string{"deadlines", "leases", "ops"}
)

// contents reads the namespace in one transaction.
func (f *fleet) contents() (*contents, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	c := &contents{hashes: make(map[string]map[string]string), sizes: make(map[string]int64)}
	tables, cards := map[string]*redis.MapStringStringCmd{}, map[string]*redis.IntCmd{}
	var feed *redis.XMessageSliceCmd
	_, err := f.redis.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, name := range hashes {
			tables[name] = pipe.HGetAll(ctx, f.key(name))
		}
		for _, name := range sorted {
			cards[name] = pipe.ZCard(ctx, f.key(name))
		}
		feed = pipe.XRange(ctx, f.key("feed"), "-", "+")
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, reply := range tables {
		c.hashes[name] = reply.Val()
		c.sizes[name] = int64(len(reply.Val()))
	}
	for name, reply := range cards {
		c.sizes[name] = reply.Val()
	}
	c.feed = feed.Val()
	c.sizes["feed"] = int64(len(c.feed))
	return c, nil
}

// client is a client's record, of which fields only these matter here.
type client struct {
	provider, digest string
	marks            int
	holders          []string
}

func (c *contents) clients() map[string]client {
	clients := make(map[string]client)
	for id, record := range c.hashes["clients"] {
		fields := strings.Split(record, "\x1f")
		marks, _ := strconv.Atoi(fields[4]) // compared below
		clients[id] = client{fields[0], fields[1], marks, strings.Split(fields[5], ",")}
	}
	return clients
}

// roster lists the models of a digest with their copies.
func (c *contents) roster(digest string) map[string]int {
	models := make(map[string]int)
	for _, entry := range strings.Split(c.hashes["rosters"][digest], "\x1e")[1:] {
		model, copies, _ := strings.Cut(entry, "\x1f")
		models[model], _ = strconv.Atoi(copies) // compared below
	}
	return models
}

// check holds the parts of the namespace against each other: counts, uses of catalogs, numbers of marks, sizes, feed.
func (c *contents) check() (problems []string) {
	differ := func(what string, got map[string]string, want map[string]int) {
		for key, n := range want {
			if got[key] != strconv.Itoa(n) {
				problems = append(problems, fmt.Sprintf("%s of %q is %q, recomputed %d", what, key, got[key], n))
			}
		}
		for key, n := range got {
			if _, ok := want[key]; !ok && !strings.HasPrefix(n, "0 ") {
				problems = append(problems, fmt.Sprintf("%s of %q is %q, recomputed none", what, key, n))
			}
		}
	}
	counts, providers, uses, marks := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	clients := c.clients()
	for field := range c.hashes["marks"] {
		id, model, _ := strings.Cut(field, "\x1f")
		if _, ok := clients[id]; ok && model != "" {
			marks[id]++
		}
	}
	for id, client := range clients {
		uses[client.digest]++
		for model, copies := range c.roster(client.digest) {
			counts[model] += copies
			if client.provider != "" {
				providers[model+"\x1f"+client.provider] += copies
			}
		}
		if client.marks != marks[id] {
			problems = append(problems, fmt.Sprintf("client %q has %d marks, its record says %d", id, marks[id], client.marks))
		}
	}
	differ("count", c.hashes["counts"], counts)
	differ("provider count", c.hashes["providers"], providers)
	differ("number of clients", c.hashes["catalog_refs"], uses)
	meta := c.hashes["meta"]
	revision, _ := strconv.ParseInt(meta["rev"], 10, 64) // 0 differs
	for name, size := range c.sizes {
		if name == "feed" || name == "ops" { // meta has how many revisions they lack
			size = revision - size
		}
		if said := meta[name]; name != "meta" && said != strconv.FormatInt(size, 10) && (said != "" || size > 0) {
			problems = append(problems, fmt.Sprintf("%s has %d elements, meta says %q", name, size, said))
		}
	}
	return append(problems, c.checkFeed()...)
}

// checkFeed holds the feed against itself: in order, without gaps, each entry naming the one before, none made after
// its operation's time was over, and no operation twice.
func (c *contents) checkFeed() (problems []string) {
	seen := map[string]string{}
	for i, message := range c.feed {
		nonce, _ := message.Values["nonce"].(string)
		if before, again := seen[nonce]; again {
			problems = append(problems, fmt.Sprintf("feed entries %s and %s are one operation", before, message.ID))
		}
		seen[nonce] = message.ID
		deadline, made := deadlineOf(nonce), number(message.Values["time"])
		if made > deadline {
			problems = append(problems, fmt.Sprintf("feed entry %s was made at %d, %d ms after its operation's time", message.ID, made, made-deadline))
		}
		if i == 0 {
			continue
		}
		last := c.feed[i-1]
		if revision(message.ID) != revision(last.ID)+1 || message.Values["prev"] != last.Values["nonce"] {
			problems = append(problems, fmt.Sprintf("feed entry %s does not follow on %s", message.ID, last.ID))
		}
	}
	return problems
}

func deadlineOf(nonce string) int64 {
	text, _, _ := strings.Cut(nonce, "-")
	return number(text)
}

func number(value any) int64 {
	text, _ := value.(string)
	n, _ := strconv.ParseInt(text, 10, 64) // 0 is as wrong as any
	return n
}

func revision(id string) int64 {
	text, _, _ := strings.Cut(id, "-")
	return number(text)
}

// marked says which parts of the mark on a pair are running.
func (c *contents) marked(client, model string, now int64) (quota, suspended bool, reason string) {
	groups := append(strings.Split(c.hashes["marks"][client+"\x1f"+model], "\x1e"), "", "")
	running := func(part string) bool {
		until, _, _ := strings.Cut(part, "\x1f")
		return part != "" && (until == "0" || number(until) > now)
	}
	fields := strings.SplitN(groups[1], "\x1f", 7)
	return running(groups[0]), running(groups[1]), fields[len(fields)-1]
}

// settle stops the load and waits until Redis, all views, and the model agree. Replicas that are nil are left out.
func (f *fleet) settle() {
	f.t.Helper()
	f.load.halt()
	var problems []string
	eventually(f.t, "Redis, the views and the model agree", func() error {
		if problems = f.differences(); len(problems) > 0 {
			return errors.New(strings.Join(problems[:min(len(problems), 12)], "\n\t"))
		}
		return nil
	})
}

func (f *fleet) differences() (problems []string) {
	c, err := f.contents()
	if err != nil {
		return []string{err.Error()}
	}
	meta := c.hashes["meta"]
	head := fmt.Sprintf("%s:%s:%s", meta["epoch"], meta["rev"], meta["tail"])
	for n, r := range f.replicas {
		if h := r.Health(); !h.Connected || h.Stale || h.Pending > 0 {
			problems = append(problems, fmt.Sprintf("replica %d: %+v", n, h))
		}
		if at := r.Position().String(); at != head {
			problems = append(problems, fmt.Sprintf("replica %d is at %s, the head is %s", n, at, head))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	problems = append(c.check(), f.compareViews(c)...)
	return append(problems, f.compareModel(c)...)
}

// compareViews holds every view against the contents.
func (f *fleet) compareViews(c *contents) (problems []string) {
	clients := c.clients()
	now := time.Now().Add(f.skew).UnixMilli()
	blocked, listed := map[string]int{}, map[string]bool{}
	supply := map[string]int{}
	for id, client := range clients {
		for model, copies := range c.roster(client.digest) {
			supply[model] += copies
			quota, suspended, _ := c.marked(id, model, now)
			if quota || suspended {
				blocked[model]++
			}
			if !suspended {
				listed[model] = true
			}
		}
	}
	for n, r := range f.replicas {
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("replica %d: ", n)+fmt.Sprintf(format, args...))
		}
		for id := range f.known(clients) {
			want := map[string]int{}
			if client, ok := clients[id]; ok {
				want = c.roster(client.digest)
			}
			got := map[string]int{}
			for _, info := range r.GetModelsForClient(id) {
				got[info.ID] = want[info.ID]
			}
			if !maps.Equal(got, want) {
				report("client %q supplies %v, in Redis %v", id, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
		}
		shown := map[string]bool{}
		for _, info := range r.GetAvailableModelInfos() {
			shown[info.ID] = true
		}
		for model, all := range supply {
			if got := r.GetModelCount(model); got != all-blocked[model] {
				report("model %q counts %d, in Redis %d less %d", model, got, all, blocked[model])
			}
			if shown[model] != listed[model] {
				report("model %q is listed: %v, by Redis: %v", model, shown[model], listed[model])
			}
		}
		for model := range shown {
			if supply[model] == 0 {
				report("model %q is listed, and nobody supplies it", model)
			}
		}
	}
	return problems
}

// known are all clients that Redis or the model knows.
func (f *fleet) known(clients map[string]client) map[string]bool {
	known := make(map[string]bool)
	for id := range clients {
		known[id] = true
	}
	for _, w := range f.load.writers {
		for _, c := range w.own {
			known[c.id] = true
		}
	}
	return known
}

// compareModel holds the contents against what the writers were told.
func (f *fleet) compareModel(c *contents) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	clients, now := c.clients(), time.Now().Add(f.skew).UnixMilli()
	compare := func(id string, p pair) {
		quota, suspended, reason := c.marked(id, p.model, now)
		if quota != p.quota {
			report("client %q, model %q is over quota: %v, acknowledged: %v", id, p.model, quota, p.quota)
		}
		if suspended != p.suspended {
			report("client %q, model %q is suspended: %v, acknowledged: %v", id, p.model, suspended, p.suspended)
		}
		if suspended && reason != "by "+id {
			report("client %q, model %q is suspended for %q", id, p.model, reason)
		}
	}
	for n, w := range f.load.writers {
		for _, own := range w.own {
			got, there := clients[own.id]
			if there != own.registered {
				report("client %q is in Redis: %v, acknowledged: %v", own.id, there, own.registered)
				continue
			}
			if !there {
				continue
			}
			want := variants[own.variant]
			models := map[string]int{own.pair.model: 1}
			for _, model := range want.models {
				models[model]++
			}
			if roster := c.roster(got.digest); got.provider != want.provider || !maps.Equal(roster, models) {
				report("client %q is of %q with %v, acknowledged: %q with %v", own.id, got.provider, roster, want.provider, models)
			}
			if holder := fmt.Sprintf("replica-%d", n); !slices.Equal(got.holders, []string{holder}) {
				report("client %q is held by %v, acknowledged: %s", own.id, got.holders, holder)
			}
			before := len(problems)
			compare(own.id, own.pair)
			if len(problems) > before {
				report("%s", strings.Join(own.history, "\n\t"))
			}
		}
	}
	for _, s := range f.load.shared {
		var holders []string
		for n, part := range s.parts {
			if part.held {
				holders = append(holders, fmt.Sprintf("replica-%d", n))
			}
			before := len(problems)
			compare(s.id, part.pair)
			if len(problems) > before {
				report("%s", strings.Join(part.history, "\n\t"))
				for _, entry := range c.feed {
					if payload := fmt.Sprint(entry.Values["payload"]); strings.Contains(payload, s.id+"\x1d") {
						report("%s %s %s %q", entry.ID, entry.Values["replica"], entry.Values["kind"], payload)
					}
				}
			}
		}
		got := slices.Sorted(slices.Values(clients[s.id].holders))
		if !slices.Equal(got, holders) {
			report("client %q is held by %v, acknowledged: %v", s.id, got, holders)
		}
	}
	for n := range f.replicas {
		for i := range pillars {
			id := pillar(n, i)
			quota, suspended, _ := c.marked(id, "pillar", now)
			if _, there := clients[id]; !there || quota != (i == 0) || suspended != (i == 1) {
				report("client %q is there: %v, over quota: %v, suspended: %v", id, there, quota, suspended)
			}
		}
	}
	return problems
}
