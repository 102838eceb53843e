package registry

import (
	"hash/maphash"
	"sync/atomic"
)

// index is a hash table from strings to values for any number of readers, who never wait, and one writer at a time.
//
// It probes linearly. A slot, once taken by a key, stays that key's until the table is rebuilt, so a reader that runs
// beside the writer meets either the old value or the new one; growing builds a second table and swaps.
type index[V any] struct {
	seed  maphash.Seed
	table atomic.Pointer[indexTable[V]]
	used  int // slots taken, removed keys included
	live  int // keys with a value
}

type indexTable[V any] struct {
	slots []atomic.Pointer[indexSlot[V]]
	mask  uint64
}

type indexSlot[V any] struct {
	hash  uint64
	key   string
	value atomic.Pointer[V] // nil: removed
}

func newIndex[V any]() *index[V] {
	x := &index[V]{seed: maphash.MakeSeed()}
	x.table.Store(newIndexTable[V](16))
	return x
}

func newIndexTable[V any](size int) *indexTable[V] {
	return &indexTable[V]{slots: make([]atomic.Pointer[indexSlot[V]], size), mask: uint64(size - 1)}
}

// get returns the key's value, or nil.
func (x *index[V]) get(key string) *V {
	if slot := x.table.Load().find(maphash.String(x.seed, key), key); slot != nil {
		return slot.value.Load()
	}
	return nil
}

func (t *indexTable[V]) find(hash uint64, key string) *indexSlot[V] {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		slot := t.slots[i].Load()
		if slot == nil || (slot.hash == hash && slot.key == key) {
			return slot
		}
	}
}

func (t *indexTable[V]) insert(slot *indexSlot[V]) {
	i := slot.hash & t.mask
	for t.slots[i].Load() != nil {
		i = (i + 1) & t.mask
	}
	t.slots[i].Store(slot)
}

// set gives the key a value; nil removes it.
func (x *index[V]) set(key string, value *V) {
	hash := maphash.String(x.seed, key)
	slot := x.table.Load().find(hash, key)
	if slot == nil {
		if value == nil {
			return
		}
		x.makeRoom()
		slot = &indexSlot[V]{hash: hash, key: key}
		x.table.Load().insert(slot)
		x.used++
	}
	old := slot.value.Swap(value)
	if old == nil && value != nil {
		x.live++
	} else if old != nil && value == nil {
		x.live--
	}
}

// makeRoom keeps at least half of the table free, so that probes stay short and always end.
func (x *index[V]) makeRoom() {
	table := x.table.Load()
	if 2*(x.used+1) <= len(table.slots) {
		return
	}
	size := 16
	for size < 4*(x.live+1) {
		size *= 2
	}
	grown := newIndexTable[V](size)
	for i := range table.slots {
		if slot := table.slots[i].Load(); slot != nil && slot.value.Load() != nil {
			grown.insert(slot)
		}
	}
	x.used = x.live
	x.table.Store(grown)
}
