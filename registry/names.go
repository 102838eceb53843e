package registry

import (
	"math/bits"
	"math/rand/v2"
	"strings"
)

// names is a set of model IDs that are compared as strings.EqualFold does. Its ASCII members lie in a hash table by
// their lower case: one look, whatever the case of the question. The set does not change.
type names struct {
	slots []nameSlot
	wide  []string // members beyond ASCII: their folding needs a comparison each
}

type nameSlot struct {
	hash  uint64
	lower string // empty: free
}

// namesSeed makes which names fall together another matter in each process.
var namesSeed = rand.Uint64()

const highBits = 0x8080808080808080

// newNames makes the set of some IDs; empty ones are left out.
func newNames(ids []string) names {
	size := 4
	for size < 2*len(ids) {
		size *= 2
	}
	n := names{slots: make([]nameSlot, size)}
	for _, id := range ids {
		hash, ascii := foldedHash(id)
		switch {
		case id == "":
		case !ascii:
			n.wide = append(n.wide, id)
		default:
			if slot := n.find(hash, id); slot.lower == "" {
				*slot = nameSlot{hash, strings.ToLower(id)}
			}
		}
	}
	return n
}

// has says whether an ID is in the set, in whatever case.
func (n *names) has(id string) bool {
	hash, ascii := foldedHash(id)
	if ascii {
		if n.find(hash, id).lower != "" {
			return true
		}
	} else {
		for i := range n.slots { // letters beyond ASCII can fold to ASCII ones
			if n.slots[i].lower != "" && strings.EqualFold(n.slots[i].lower, id) {
				return true
			}
		}
	}
	for _, wide := range n.wide {
		if strings.EqualFold(wide, id) {
			return true
		}
	}
	return false
}

// find returns the slot that an ASCII ID has, or the free one that it would get.
func (n *names) find(hash uint64, id string) *nameSlot {
	for i := hash; ; i++ {
		slot := &n.slots[i&uint64(len(n.slots)-1)]
		if slot.lower == "" || (slot.hash == hash && isLowerOf(slot.lower, id)) {
			return slot
		}
	}
}

// foldedHash returns the hash of an ID's lower case, and whether it is ASCII; if not, the hash says nothing.
func foldedHash(id string) (hash uint64, ascii bool) {
	const odd = 0x9e3779b97f4a7c15
	hash, all := namesSeed^uint64(len(id)), uint64(0)
	rest := id
	for len(rest) > 8 {
		word := word(rest)
		all |= word
		high, low := bits.Mul64(hash^lowerWord(word), odd)
		hash, rest = high^low, rest[8:]
	}
	last := lastWord(id)
	high, low := bits.Mul64(hash^lowerWord(last), odd)
	return high ^ low, (all|last)&highBits == 0
}

// isLowerOf says whether lower is the lower case of an ASCII ID.
func isLowerOf(lower, id string) bool {
	if len(lower) != len(id) {
		return false
	}
	if lastWord(lower) != lowerWord(lastWord(id)) {
		return false
	}
	for len(id) > 8 {
		if word(lower) != lowerWord(word(id)) {
			return false
		}
		lower, id = lower[8:], id[8:]
	}
	return true
}

// word is the first eight bytes of s, which has them.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// lastWord is the last eight bytes of s, or all where there are fewer.
func lastWord(s string) (w uint64) {
	if len(s) >= 8 {
		return word(s[len(s)-8:])
	}
	for i := range len(s) {
		w |= uint64(s[i]) << (8 * i)
	}
	return w
}

// lowerWord puts eight ASCII bytes at once into lower case: adding lifts the high bit of those from 'A' on, and of
// those beyond 'Z'. Of other bytes it makes nothing that means anything.
func lowerWord(word uint64) uint64 {
	const each = 0x0101010101010101
	fromA := word + (0x80-'A')*each
	beyondZ := word + (0x80-'Z'-1)*each
	return word | (fromA&^beyondZ&highBits)>>2
}
