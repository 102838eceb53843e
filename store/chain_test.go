package store

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// link is an entry of a feed of epoch "e": the n-th, with nonce "n<n>", after the one before.
func link(n int) redis.XMessage {
	return redis.XMessage{ID: strconv.Itoa(n) + "-0", Values: map[string]any{
		"epoch": "e", "prev": "n" + strconv.Itoa(n-1), "nonce": "n" + strconv.Itoa(n), "time": "1700000000000",
		"replica": "r", "actor": "", "kind": "gone", "payload": "client " + strconv.Itoa(n),
	}}
}

// links are those from first to last.
func links(first, last int) []redis.XMessage {
	var all []redis.XMessage
	for n := first; n <= last; n++ {
		all = append(all, link(n))
	}
	return all
}

// with is an entry with another value in a field.
func with(message redis.XMessage, field, value string) redis.XMessage {
	message.Values[field] = value
	return message
}

// at is the position of the n-th link.
func at(n int) Position { return Position{"e", uint64(n), "n" + strconv.Itoa(n)} }

// brokenChains are links after the fourth that do not all follow on it, with what DivergedError calls that.
var brokenChains = map[string]struct {
	links  []redis.XMessage
	reason string
}{
	"first is missing": {links(6, 7), "gap"},
	"one is missing":   {append(links(5, 6), link(8)), "gap"},
	"one comes twice":  {append(links(5, 6), link(6)), "gap"},
	"foreign epoch":    {append(links(5, 6), with(link(7), "epoch", "other")), "epoch"},
	"no epoch":         {append(links(5, 6), with(link(7), "epoch", "")), "epoch"},
	"rewritten":        {append(links(5, 6), with(link(7), "prev", "other")), "chain"},
	"first rewritten":  {[]redis.XMessage{with(link(5), "prev", "other")}, "chain"},
	"no time":          {append(links(5, 6), with(link(7), "time", "soon")), "7-0"},
	"unknown part":     {append(links(5, 6), with(link(7), "kind", "client")), "7-0"},
}

func TestChain(t *testing.T) {
	t.Parallel()
	entries, err := chain(at(4), links(5, 7))
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, entry := range entries {
		if entry.Position != at(5+i) || entry.Client != "client "+strconv.Itoa(5+i) {
			t.Errorf("entry %d: %+v", i, entry)
		}
	}
	if entries, err := chain(at(4), nil); len(entries) != 0 || err != nil {
		t.Errorf("of nothing: %v, %v", entries, err)
	}
}

func TestChainBroken(t *testing.T) {
	t.Parallel()
	for name, c := range brokenChains {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, err := chain(at(4), c.links)
			checkDiverged(t, err, c.reason)
			if entries != nil {
				t.Errorf("entries all the same: %v", entries)
			}
		})
	}
}

// checkDiverged fails the test if err is not a *DivergedError for this reason.
func checkDiverged(t *testing.T, err error, reason string) {
	t.Helper()
	var diverged *DivergedError
	if !errors.As(err, &diverged) || !strings.Contains(diverged.Reason, reason) {
		t.Fatalf("%v; want a DivergedError for %q", err, reason)
	}
	if !strings.Contains(err.Error(), diverged.Reason) {
		t.Errorf("%q does not say the reason", err)
	}
}

// TestDecodeEntry decodes each kind of payload, good and bad.
func TestDecodeEntry(t *testing.T) {
	t.Parallel()
	record, mark := "p\x1fd\x1f5\x1f6\x1f0\x1fa", "7\x1f8\x1f9\x1fs\x1fa\x1f\x1fwhy\x1e\x1e"
	for _, c := range []struct {
		kind    Kind
		payload string
		good    bool
	}{
		{KindClient, "c\x1d" + record, true},
		{KindClient, "c\x1d" + record + "\x1dm\x1d" + mark + "\x1dn\x1d", true},
		{KindClient, "c", false},
		{KindClient, "c\x1d" + record + "\x1dm", false},
		{KindClient, "c\x1dnonsense", false},
		{KindClient, "c\x1d" + record + "\x1dm\x1dnonsense", false},
		{KindJoined, "c\x1db", true},
		{KindJoined, "c", false},
		{KindJoined, "c\x1db\x1dd", false},
		{KindGone, "c", true},
		{KindReleased, "r", true},
		{KindReleased, "r\x1dc\x1dgone\x1dd\x1dheld", true},
		{KindReleased, "r\x1dc", false},
		{KindAsserted, "1", true},
		{KindAsserted, "0\x1dc\x1d\x1d-\x1dd\x1d" + record + "\x1d1\x1dm\x1d" + mark, true},
		{KindAsserted, "0\x1dc\x1d" + record, false},
		{KindAsserted, "0\x1dc\x1d" + record + "\x1dmany", false},
		{KindAsserted, "0\x1dc\x1d" + record + "\x1d-", false},
		{KindAsserted, "0\x1dc\x1d\x1d0", false},
		{KindAsserted, "0\x1dc\x1d" + record + "\x1d-1", false},
		{KindAsserted, "0\x1dc\x1d" + record + "\x1d2\x1dm\x1d" + mark, false},
		{KindAsserted, "0\x1dc\x1dnonsense\x1d0", false},
		{KindAsserted, "0\x1dc\x1d" + record + "\x1d1\x1dm\x1dnonsense", false},
		{KindMark, "c\x1dm\x1d" + mark, true},
		{KindMark, "c\x1dm\x1d", true},
		{KindMark, "c\x1dm", false},
		{KindMark, "c\x1dm\x1dnonsense", false},
		{KindEpoch, "why", true},
		{"newer", "what\x1dever", true}, // for the reader to notice
	} {
		message := with(with(link(5), "kind", string(c.kind)), "payload", c.payload)
		if entry, err := decodeEntry(message); (err == nil) != c.good || (err == nil && entry.Kind != c.kind) {
			t.Errorf("%s %q: %+v, %v", c.kind, c.payload, entry, err)
		} else if err != nil && !strings.Contains(err.Error(), "5-0") {
			t.Errorf("%s %q: %v does not name the entry", c.kind, c.payload, err)
		}
	}
	if _, err := decodeEntry(redis.XMessage{ID: "x-0"}); !errors.Is(err, errRecord) {
		t.Errorf("a malformed ID: %v", err)
	}
}

func TestDecodeAsserted(t *testing.T) {
	t.Parallel()
	record := "p\x1fd\x1f5\x1f6\x1f0\x1fa,b"
	payload := "1\x1dc\x1d\x1d-\x1dd\x1d" + record + "\x1d2\x1dm\x1d\x1dn\x1d7\x1f8\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e"
	entry, err := decodeEntry(with(with(link(5), "kind", "asserted"), "payload", payload))
	if err != nil || !entry.All || len(entry.Asserted) != 2 {
		t.Fatalf("%+v, %v", entry, err)
	}
	joined, given := entry.Asserted[0], entry.Asserted[1]
	if joined.Client != "c" || joined.Record != nil || joined.Marks != nil {
		t.Errorf("%+v", joined)
	}
	if given.Client != "d" || !slices.Equal(given.Record.Holders, []string{"a", "b"}) || len(given.Marks) != 2 || given.Marks[0].Mark != nil ||
		given.Marks[1].Model != "n" || given.Marks[1].Mark.Quota.Until != 7 {
		t.Errorf("%+v", given)
	}
}
