package httpapi

import (
	"cmp"
	"slices"
)

// entry is one item of a list with the key by which the list is ordered. Pages are cut at keys and not at numbers, so
// that a model that comes or goes between two requests neither repeats nor hides another.
type entry[T any] struct {
	key  string
	item T
}

func sortEntries[T any](entries []entry[T]) {
	slices.SortStableFunc(entries, func(a, b entry[T]) int { return cmp.Compare(a.key, b.key) })
}

// after returns at most limit entries with keys above key, and whether more follow.
func after[T any](entries []entry[T], key string, limit int) (page []entry[T], more bool) {
	i, _ := slices.BinarySearchFunc(entries, key, func(e entry[T], key string) int {
		if e.key <= key {
			return -1
		}
		return 1
	})
	return firstOf(entries[i:], limit)
}

// before returns the last limit entries with keys below key, and whether others precede them.
func before[T any](entries []entry[T], key string, limit int) (page []entry[T], more bool) {
	i, _ := slices.BinarySearchFunc(entries, key, func(e entry[T], key string) int { return cmp.Compare(e.key, key) })
	return entries[max(0, i-limit):i], i > limit
}

func firstOf[T any](entries []entry[T], limit int) (page []entry[T], more bool) {
	if len(entries) <= limit {
		return entries, false
	}
	return entries[:limit], true
}

func entriesOf[T any](items []T, key func(T) string) []entry[T] {
	entries := make([]entry[T], len(items))
	for i, item := range items {
		entries[i] = entry[T]{key(item), item}
	}
	return entries
}
