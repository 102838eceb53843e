package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// words says what an entry changed. before has the marks as the entries before it left them, where they told.
func (q *HistoryQuery) words(e *Entry, before map[string]map[string]*Mark) string {
	switch e.Kind {
	case KindClient:
		return e.clientWords()
	case KindJoined:
		return "registered by " + e.Holder + ", too"
	case KindGone:
		return "unregistered by " + e.Replica + ", the last that held it; its marks went with it"
	case KindReleased:
		return q.releasedWords(e)
	case KindAsserted:
		return q.assertedWords(e)
	case KindMark:
		old, known := before[e.Client][e.Marks[0].Model]
		return markWords(e.Position.Revision, e.Marks[0].Mark, old, known)
	case KindEpoch:
		return "an epoch began because: " + e.Reason
	case KindEvicted:
		return "evicted: every replica drops it, and its marks went with it"
	}
	return string(e.Kind) // of a newer version
}

func (e *Entry) clientWords() string {
	text := "registered again by " + e.Replica
	if e.Record.Revision == e.Position.Revision {
		text = "registered by " + e.Replica
		if e.Record.Provider != "" {
			text += " as a client of " + e.Record.Provider
		}
		text += ", list of models " + short(e.Record.Digest)
	}
	var gone, stay []string
	for _, pair := range e.Marks {
		if pair.Mark == nil {
			gone = append(gone, pair.Model)
		} else {
			stay = append(stay, pair.Model)
		}
	}
	if len(gone) > 0 {
		text += "; marks dropped: " + few(gone)
	}
	if len(stay) > 0 {
		text += "; marks that apply: " + few(stay)
	}
	return text
}

func (q *HistoryQuery) releasedWords(e *Entry) string {
	why := "released by " + e.Holder
	if e.Replica != e.Holder {
		why = "released by " + e.Replica + " for " + e.Holder + ", whose lease was over"
	}
	var gone, held []string
	for _, one := range e.Released {
		if q.Client != "" && one.Client != q.Client {
			continue
		}
		if one.Gone {
			gone = append(gone, one.Client)
		} else {
			held = append(held, one.Client)
		}
	}
	var parts []string
	if len(gone) > 0 {
		parts = append(parts, "gone, as nobody else holds them: "+few(gone)+" (marks wait for a return)")
	}
	if len(held) > 0 {
		parts = append(parts, "still held by others: "+few(held))
	}
	return why + "; " + strings.Join(parts, "; ")
}

func (q *HistoryQuery) assertedWords(e *Entry) string {
	var clients []string
	for _, one := range e.Asserted {
		if q.Client == "" || one.Client == q.Client {
			clients = append(clients, one.Client)
		}
	}
	if len(clients) == 0 {
		return "re-asserted by " + e.Replica + ": it holds no clients"
	}
	return "re-asserted by " + e.Replica + ": " + few(clients)
}

// markWords says what became of a pair's mark.
func markWords(revision uint64, now, old *Mark, known bool) string {
	if now == nil {
		now = &Mark{}
	}
	if old == nil {
		old = &Mark{}
	}
	var parts []string
	if p := now.Quota; p != nil && p.Revision == revision {
		verb := "marked over quota"
		if old.Quota != nil && old.Quota.Until == p.Until && old.Quota.Source == p.Source {
			verb = "over quota, told again; stays"
		}
		parts = append(parts, verb+" until "+moment(p.Until)+" by source "+p.Source+because(p.Reason))
	}
	if p := now.Suspension; p != nil && p.Revision == revision {
		until := "until resumed"
		if p.Until > 0 {
			until = "until " + moment(p.Until)
		}
		parts = append(parts, "suspended "+until+because(p.Reason))
	}
	if len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	switch cleared, resumed := old.Quota != nil && now.Quota == nil, old.Suspension != nil && now.Suspension == nil; {
	case cleared && !resumed, !known && now.Quota == nil && now.Suspension != nil:
		return "quota mark cleared"
	case resumed && !cleared, !known && now.Suspension == nil && now.Quota != nil:
		return "resumed"
	case known && !cleared && !resumed:
		return "cleared or resumed, where no mark was left"
	}
	return "cleared or resumed: no mark is left" // one part may have been over already
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// few names at most five, and says how many more there are.
func few(names []string) string {
	names = slices.Sorted(slices.Values(names))
	if len(names) > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), len(names)-5)
	}
	return strings.Join(names, ", ")
}

// short is as much of a digest as tells it from others.
func short(digest string) string { return digest[:min(len(digest), 8)] }
