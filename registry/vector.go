package registry

import "slices"

// vector is a list of which any number of versions live side by side and share what they have in common. A copy of the
// struct is a version; changing one costs a chunk, however long the list is.
//
// The one writer numbers what it has not shown yet with an edition: what was made in the same edition it may still
// change, everything else readers may hold.
type vector[T any] struct {
	chunks  []*chunk[T]
	size    int
	edition uint64 // of chunks
}

const chunkSize = 32

type chunk[T any] struct {
	edition uint64
	items   [chunkSize]T
}

func (v *vector[T]) at(i int) T { return v.chunks[uint(i)/chunkSize].items[uint(i)%chunkSize] }

func (v *vector[T]) set(edition uint64, i int, item T) {
	v.own(edition)
	c := v.chunks[i/chunkSize]
	if c.edition != edition {
		c = &chunk[T]{edition, c.items}
		v.chunks[i/chunkSize] = c
	}
	c.items[i%chunkSize] = item
}

func (v *vector[T]) push(edition uint64, item T) {
	v.own(edition)
	if v.size%chunkSize == 0 {
		v.chunks = append(v.chunks, &chunk[T]{edition: edition})
	}
	v.size++
	v.set(edition, v.size-1, item)
}

// pop drops the last item.
func (v *vector[T]) pop(edition uint64) {
	v.size--
	if v.size%chunkSize != 0 {
		var none T
		v.set(edition, v.size, none)
		return
	}
	v.own(edition)
	v.chunks[len(v.chunks)-1] = nil
	v.chunks = v.chunks[:len(v.chunks)-1]
}

func (v *vector[T]) own(edition uint64) {
	if v.edition != edition {
		v.chunks, v.edition = slices.Clone(v.chunks), edition
	}
}
