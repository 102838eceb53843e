package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// isRefusal says whether a write was refused for what it asks for.
func isRefusal(err error) bool { return errors.Is(err, ErrNotRegistered) }

// sized is a catalog of so many bytes.
func sized(digest string, bytes int) Catalog {
	return Catalog{Digest: digest, JSON: []byte(strings.Repeat("x", bytes)), Roster: []RosterEntry{{"m", 1}}}
}

// TestCatalogsInBatches fetches catalogs in replies of about 1 MB; a larger one comes alone.
func TestCatalogsInBatches(t *testing.T) {
	onBoth(t, func(s *space) {
		var digests []string
		sizes := []int{400_000, 400_000, 400_000, 2_500_000, 10, 900_000, 400_000}
		for i, size := range sizes {
			digests = append(digests, fmt.Sprintf("d%d", i))
			s.step(s.a.Register(s.ctx, Registration{Client: "c", Catalog: sized(digests[i], size)}))
		}
		asked := append([]string{"unknown"}, digests...)
		var batches []string
		reader := s.replica("reader")
		reader.client.(*redis.Client).AddHook(before{[]string{"hmget"}, func(command redis.Cmder) {
			batches = append(batches, fmt.Sprint(command.Args()[2:]...))
		}})
		got, err := reader.Catalogs(s.ctx, asked)
		s.must(err)
		for i, digest := range digests {
			if string(got[digest]) != string(sized(digest, sizes[i]).JSON) {
				s.t.Errorf("%s has %d bytes, want %d", digest, len(got[digest]), sizes[i])
			}
		}
		if _, found := got["unknown"]; found || len(got) != len(digests) {
			s.t.Errorf("%d catalogs, want %d", len(got), len(digests))
		}
		want := []string{"unknown d0 d1", "d2", "d3", "d4 d5", "d6"}
		for i := range want {
			want[i] = strings.ReplaceAll(want[i], " ", "")
		}
		if fmt.Sprint(batches) != fmt.Sprint(want) {
			s.t.Errorf("batches %v, want %v", batches, want)
		}
	})
}

func TestCatalogsOfNothing(t *testing.T) {
	onBoth(t, func(s *space) {
		if got, err := s.a.Catalogs(s.ctx, nil); len(got) != 0 || err != nil {
			s.t.Errorf("%v, %v", got, err)
		}
	})
}

// More digests than one batch asks for.
func TestCatalogsMany(t *testing.T) {
	onBoth(t, func(s *space) {
		var all []Assertion
		var digests []string
		for i := range 510 {
			digests = append(digests, fmt.Sprintf("d%d", i))
			all = append(all, Assertion{Client: fmt.Sprintf("c%d", i), Catalog: sized(digests[i], 10+i), RegisteredAt: s.start})
		}
		s.asserted(s.a, 100, all...)
		got, err := s.b.Catalogs(s.ctx, digests)
		s.must(err)
		for i, digest := range digests {
			if len(got[digest]) != 10+i {
				s.t.Errorf("%s has %d bytes, want %d", digest, len(got[digest]), 10+i)
			}
		}
		s.look()
	})
}
