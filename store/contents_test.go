package store

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// contents is everything a namespace holds in Redis: the bytes, and the same as text for comparison.
type contents struct {
	hashes map[string]map[string]string // key without prefix -> field -> value
	sorted map[string]map[string]int64  // key without prefix -> member -> score
	sets   map[string][]string
	feed   []Entry
	raw    []redis.XMessage // the feed's bytes

	lifetimes map[string]int64 // key without prefix -> when Redis will drop it, ms
	space     *space
	lines     map[string]string // what shown returned
}

// same says whether two readings found the same bytes.
func (c *contents) same(other *contents) bool {
	return reflect.DeepEqual(c.hashes, other.hashes) && reflect.DeepEqual(c.sorted, other.sorted) &&
		maps.EqualFunc(c.sets, other.sets, equalSets) && reflect.DeepEqual(c.raw, other.raw)
}

func equalSets(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// read reads the namespace.
func (s *space) read() *contents {
	s.t.Helper()
	c := &contents{
		hashes: map[string]map[string]string{}, sorted: map[string]map[string]int64{}, sets: map[string][]string{},
		lifetimes: map[string]int64{}, space: s,
	}
	prefix := newKeys(s.name).prefix
	keys, _, err := s.admin.Scan(s.ctx, 0, prefix+"*", 1_000_000).Result()
	s.must(err)
	pipe := s.admin.Pipeline()
	clock := pipe.Time(s.ctx)
	replies, ttls := map[string]redis.Cmder{}, map[string]*redis.DurationCmd{}
	for _, key := range keys {
		name := strings.TrimPrefix(key, prefix)
		ttls[name] = pipe.PTTL(s.ctx, key)
		switch first, _, _ := strings.Cut(name, ":"); first {
		case "holds":
			replies[name] = pipe.SMembers(s.ctx, key)
		case "deadlines", "leases", "ops":
			replies[name] = pipe.ZRangeWithScores(s.ctx, key, 0, -1)
		case "feed":
			replies[name] = pipe.XRange(s.ctx, key, "-", "+")
		default:
			replies[name] = pipe.HGetAll(s.ctx, key)
		}
	}
	_, err = pipe.Exec(s.ctx)
	s.must(err)
	for name, reply := range replies {
		switch reply := reply.(type) {
		case *redis.MapStringStringCmd:
			c.hashes[name] = reply.Val()
		case *redis.StringSliceCmd:
			c.sets[name] = reply.Val()
		case *redis.XMessageSliceCmd:
			c.raw = reply.Val()
		case *redis.ZSliceCmd:
			c.sorted[name] = map[string]int64{}
			for _, z := range reply.Val() {
				c.sorted[name][z.Member.(string)] = int64(z.Score)
			}
		}
		if ttl := ttls[name].Val(); ttl > 0 {
			c.lifetimes[name] = clock.Val().Add(ttl).UnixMilli()
		}
	}
	for _, message := range c.raw {
		entry, err := decodeEntry(message)
		if err != nil { // a test may have put it there
			entry = Entry{Kind: "malformed"}
		}
		c.feed = append(c.feed, entry)
		if epoch := entry.Position.Epoch; !slices.Contains(s.epochs, epoch) {
			s.epochs = append(s.epochs, epoch)
		}
	}
	return c
}

// shown is the namespace as text: "key field" -> ": value". Control characters are shown as | (US), ^ (RS) and ; (GS),
// times in whole hours since the start, operations by the revision they made, epochs by a number, processes by their
// replica.
//
// Not shown, since check holds them against the rest: the sizes, revision, tail and last registration in meta, the
// chain of the feed, and ops.
func (c *contents) shown() map[string]string {
	if c.lines != nil {
		return c.lines
	}
	s := c.space
	c.lines = map[string]string{}
	for name, ends := range c.lifetimes {
		c.lines[name+" (lifetime)"] = ": " + s.hours(ends)
	}
	for i, entry := range c.feed {
		payload, _ := c.raw[i].Values["payload"].(string)
		c.lines["feed "+c.raw[i].ID] = s.plain(c, fmt.Sprintf(": %s %q %s %s", entry.Replica, entry.Actor, entry.Kind, payload))
	}
	for name, hash := range c.hashes {
		for field, value := range hash {
			if _, isSize := c.size(field); name == "meta" && (isSize || slices.Contains([]string{"rev", "tail", "registered"}, field)) {
				continue
			}
			c.lines[s.plain(c, name+" "+field)] = s.plain(c, ": "+value)
		}
	}
	for name, members := range c.sorted {
		for member, score := range members {
			if name != "ops" {
				c.lines[s.plain(c, name+" "+member)] = ": " + s.hours(score)
			}
		}
	}
	for name, members := range c.sets {
		for _, member := range members {
			c.lines[s.plain(c, name+" "+member)] = ""
		}
	}
	return c.lines
}

var (
	separators    = strings.NewReplacer(fieldSep, "|", groupSep, "^", partSep, ";")
	operationText = regexp.MustCompile(`\b\d{13}-[A-Za-z0-9_-]{11}`)
	timeText      = regexp.MustCompile(`\b\d{13}\b`)
)

// plain replaces in a text what differs between two runs.
func (s *space) plain(c *contents, text string) string {
	text = separators.Replace(text)
	text = operationText.ReplaceAllStringFunc(text, func(operation string) string {
		for _, entry := range c.feed {
			if entry.Position.Nonce == operation {
				return fmt.Sprintf("op%d", entry.Position.Revision)
			}
		}
		return "op?"
	})
	text = timeText.ReplaceAllStringFunc(text, func(number string) string {
		ms, _ := strconv.ParseInt(number, 10, 64)
		return s.hours(ms)
	})
	for i, epoch := range s.epochs {
		text = strings.ReplaceAll(text, epoch, fmt.Sprintf("E%d", i+1))
	}
	return strings.NewReplacer(s.instances...).Replace(text)
}

// hours is a time as whole hours since the start, so that a slow machine makes no difference. 0 stays 0.
func (s *space) hours(ms int64) string {
	if ms == 0 {
		return "0"
	}
	const hour = 3600 * 1000
	since := ms - s.start + 1000*hour + hour/2 // above 0, so that the division rounds down
	return fmt.Sprintf("%+dh", since/hour-1000)
}
