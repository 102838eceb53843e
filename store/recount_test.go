package store

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// check holds the parts of a namespace against each other: everything that the scripts keep beside clients, rosters and
// marks is computed again from these.
func (c *contents) check(t *testing.T) {
	t.Helper()
	if len(c.hashes["meta"]) == 0 {
		return
	}
	c.checkHead(t)
	c.checkSizes(t)
	counts, providers, users, marks, holds := c.recount(t)
	checkNumbers(t, "counts", c.hashes["counts"], counts)
	checkNumbers(t, "providers", c.hashes["providers"], providers)
	inUse := maps.Clone(c.hashes["catalog_refs"])
	maps.DeleteFunc(inUse, func(_, refs string) bool { return strings.HasPrefix(refs, "0 ") })
	checkNumbers(t, "catalog_refs", inUse, users)
	kept := map[string]int{}
	for client, text := range c.hashes["clients"] {
		if n, _ := strconv.Atoi(strings.Split(text, fieldSep)[4]); n > 0 {
			kept[client] = n
		}
	}
	if !maps.Equal(kept, marks) {
		t.Fatalf("numbers of marks in the clients' records: %v, recounted %v", kept, marks)
	}
	for holder, clients := range holds {
		got := slices.Sorted(slices.Values(c.sets["holds:"+holder]))
		if want := slices.Sorted(slices.Values(clients)); !slices.Equal(got, want) {
			t.Fatalf("holds of %s: %v, recounted %v", holder, got, want)
		}
		if _, found := c.sorted["leases"][holder]; !found && len(clients) > 0 {
			t.Fatalf("%s holds %v and has no lease", holder, clients)
		}
	}
	c.checkDeadlines(t)
}

// recount computes counts, provider counts, uses of catalogs, marks a client and clients a holder.
func (c *contents) recount(t *testing.T) (counts, providers, users, marks map[string]int, holds map[string][]string) {
	t.Helper()
	counts, providers, users = map[string]int{}, map[string]int{}, map[string]int{}
	marks, holds = map[string]int{}, map[string][]string{}
	for name := range c.sets {
		holds[strings.TrimPrefix(name, "holds:")] = nil
	}
	for client, text := range c.hashes["clients"] {
		record, err := decodeClient(text)
		if err != nil {
			t.Fatal(err)
		}
		if last := c.hashes["meta"]["registered"]; last < strconv.FormatInt(record.RegisteredAt, 10) {
			t.Fatalf("client %s was registered at %d, meta says the last one was at %q", client, record.RegisteredAt, last)
		}
		users[record.Digest]++
		for _, entry := range strings.Split(c.hashes["rosters"][record.Digest], groupSep)[1:] {
			model, copies, _ := strings.Cut(entry, fieldSep)
			n, err := strconv.Atoi(copies)
			if err != nil {
				t.Fatalf("roster %q: %v", entry, err)
			}
			counts[model] += n
			if record.Provider != "" {
				providers[model+fieldSep+record.Provider] += n
			}
		}
		for _, holder := range record.Holders {
			holds[holder] = append(holds[holder], client)
		}
	}
	for field := range c.hashes["marks"] {
		client, model, _ := strings.Cut(field, fieldSep)
		if _, registered := c.hashes["clients"][client]; registered && model != "" {
			marks[client]++
		}
	}
	return counts, providers, users, marks, holds
}

func checkNumbers(t *testing.T, what string, got map[string]string, want map[string]int) {
	t.Helper()
	text := make(map[string]string, len(want))
	for key, n := range want {
		text[key] = strconv.Itoa(n)
	}
	if !maps.Equal(got, text) {
		t.Fatalf("%s: %q, recounted %q", what, got, text)
	}
}

// checkHead holds meta against the feed, the feed against itself, and ops against the feed.
func (c *contents) checkHead(t *testing.T) {
	t.Helper()
	meta := c.hashes["meta"]
	at := Position{meta["epoch"], 0, ""}
	for i, entry := range c.feed {
		if i == 0 {
			at = Position{meta["epoch"], entry.Position.Revision - 1, entry.Previous}
		}
		if _, err := chain(at, c.raw[i:i+1]); err != nil {
			t.Fatalf("feed entry %s does not follow on %v: %v", c.raw[i].ID, at, err)
		}
		at = entry.Position
		if fields := slices.Sorted(maps.Keys(c.raw[i].Values)); strings.Join(fields, " ") !=
			"actor epoch kind nonce payload prev replica time" {
			t.Fatalf("feed entry %s has fields %q", c.raw[i].ID, fields)
		}
		revision, found := c.sorted["ops"][entry.Position.Nonce]
		if found && uint64(revision) != entry.Position.Revision {
			t.Fatalf("ops has revision %d for the operation of %v", revision, entry.Position)
		}
	}
	revision, err := strconv.ParseUint(meta["rev"], 10, 64)
	if head := (Position{meta["epoch"], revision, meta["tail"]}); err != nil || head != at {
		t.Fatalf("meta names %v as the head, the feed ends at %v", head, at)
	}
	if _, found := c.sorted["ops"][meta["tail"]]; !found {
		t.Fatalf("ops has no operation %q, the last", meta["tail"])
	}
}

// checkSizes holds the sizes in meta against the keys.
func (c *contents) checkSizes(t *testing.T) {
	t.Helper()
	meta := c.hashes["meta"]
	for name := range c.sets {
		if meta[name] == "" {
			t.Fatalf("meta says nothing of %s", name)
		}
	}
	revision, _ := strconv.Atoi(meta["rev"])
	for name, said := range meta {
		// `deadlines` goes by itself when the last one is over.
		size, is := c.size(name)
		if name == "feed" || name == "ops" { // meta has how many revisions they lack
			size = revision - size
		}
		if is && said != strconv.Itoa(size) && (name != "deadlines" || size > 0) {
			t.Fatalf("%s has %d elements, meta says %s", name, size, said)
		}
	}
}

// size is the number of elements of a key, if a field of meta with this name is a size.
func (c *contents) size(name string) (size int, is bool) {
	switch name {
	case "clients", "catalogs", "rosters", "catalog_refs", "counts", "providers", "marks", "replicas":
		return len(c.hashes[name]), true
	case "leases", "ops", "deadlines":
		return len(c.sorted[name]), true
	case "feed":
		return len(c.raw), true
	}
	return len(c.sets[name]), strings.HasPrefix(name, "holds:")
}

// checkDeadlines holds deadlines and meta's latest one against the marks.
func (c *contents) checkDeadlines(t *testing.T) {
	t.Helper()
	latest := int64(0)
	for field, deadline := range c.sorted["deadlines"] {
		latest = max(latest, deadline)
		if c.hashes["marks"][field] == "" {
			t.Fatalf("deadline of %q, which has no mark", field)
		}
	}
	if got := c.hashes["meta"]["deadline"]; len(c.sorted["deadlines"]) > 0 && got != strconv.FormatInt(latest, 10) {
		t.Fatalf("meta says %s is the latest deadline, want %d", got, latest)
	}
	for field, text := range c.hashes["marks"] {
		client, model, _ := strings.Cut(field, fieldSep)
		if c.hashes["clients"][client] == "" || model == "" || len(c.sorted["deadlines"]) == 0 {
			continue // it waits for its client, or all are over
		}
		mark, err := decodeMark(text)
		if err != nil {
			t.Fatal(err)
		}
		fence, _, _ := strings.Cut(strings.Split(text, groupSep)[2], fieldSep)
		deadline, _ := strconv.ParseInt(fence, 10, 64) // 0 where there is none
		if mark == nil {
			mark = &Mark{} // nothing but a fence
		}
		for _, part := range []*MarkPart{mark.Quota, mark.Suspension} {
			if part != nil {
				deadline = max(deadline, part.Until)
			}
		}
		// A record that is over may be left when `deadlines` has gone by itself.
		over := deadline > 0 && strconv.FormatInt(deadline, 10) <= c.hashes["meta"]["now"]
		if got := c.sorted["deadlines"][field]; got != deadline && !(got == 0 && over) {
			t.Fatalf("deadline of %q is %d, want %d", field, got, deadline)
		}
	}
}
