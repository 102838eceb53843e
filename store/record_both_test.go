package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rollcall-dev/rollcall/scripts"
	"github.com/rollcall-dev/rollcall/store/redistest"
)

// decoders are, by the function that reads a record in the scripts, what reads it here, and records that can be read.
var decoders = map[string]struct {
	decode func(text string) error
	good   []string
}{
	"read_client": {
		func(text string) error { _, err := decodeClient(text); return err },
		[]string{
			"p\x1fd\x1f5\x1f6\x1f2\x1fa,b", "\x1fd\x1f5\x1f6\x1f0\x1f", "p\x1fd\x1f5\x1f6\x1f2\x1fa\x1f100\x1fnewer\x1e",
			"p\x1fd\x1f123456789012345\x1f6\x1f2\x1fa",
		},
	},
	"read_mark": {
		func(text string) error { _, err := decodePair("c\x1fm", text); return err },
		[]string{
			"\x1e\x1e", "7\x1f8\x1f9\x1fheuristic\x1fa\x1f\x1fwhy\x1e\x1e", "\x1e0\x1f8\x1f9\x1f\x1fa\x1f\x1f\x1e",
			"\x1e\x1e7\x1f8", "7\x1f8\x1f9\x1f\x1f\x1f\x1f\x1fmore\x1e0\x1f8\x1f9\x1f\x1f\x1f\x1f\x1e7\x1f8\x1fmore\x1enewer",
		},
	},
	"read_slot": {
		func(text string) error { _, err := decodePair("c\x1f", text); return err },
		[]string{"\x1e7\x1em\x1fn", "5\x1e7\x1e", "\x1e7\x1e"},
	},
	"pair_of": {
		func(text string) error {
			_, err1 := decodePair(text, "\x1e7\x1e") // a slot
			_, err2 := decodePair(text, "\x1e\x1e")
			if err1 == nil || err2 == nil {
				return nil
			}
			return errors.Join(err1, err2)
		},
		[]string{"c\x1f"},
	},
	"check_roster": {
		func(text string) error { _, err := decodeRoster(text); return err },
		[]string{"\x1em\x1f1", "\x1em\x1f1\x1ea/b:free\x1f12"},
	},
}

// bad are records that cannot be read.
var bad = map[string][]string{
	"read_client": {
		"", "garbage", "p\x1fd\x1f5\x1f6\x1f2", "p\x1fd\x1f-5\x1f6\x1f2\x1fa", "p\x1fd\x1f5\x1f+6\x1f2\x1fa", "p\x1fd\x1f5\x1f\x1f2\x1fa",
		"p\x1fd\x1f1234567890123456\x1f6\x1f2\x1fa", "p\x1fd\x1f5\x1f99999999999999999999\x1f2\x1fa", "p\x1dq\x1fd\x1f5\x1f6\x1f2\x1fa",
	},
	"read_mark": {
		"", "garbage", "garbage\x1e\x1e", "\x1egarbage\x1e", "\x1e\x1egarbage", "\x1e\x1e7", "\x1e\x1e\x1f8", "\x1e\x1e7\x1f8x", "7\x1f8\x1e\x1e",
		"7\x1f8\x1f9\x1fs\x1fa\x1f\x1e\x1e", "-7\x1f8\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e", "7\x1f8\x1fx\x1fs\x1fa\x1f\x1f\x1e\x1e",
		"1234567890123456\x1f8\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e", "7\x1f8\x1f9\x1fs\x1fa\x1f\x1fa\x1db\x1e\x1e", "\x1e\x1e\x1ea\x1db",
	},
	"read_slot":    {"", "garbage", "\x1e", "\x1e\x1em", "x\x1e7\x1em", "\x1e7\x1em\x1e", "\x1e7\x1em\x1dn", "1234567890123456\x1e7\x1e"},
	"pair_of":      {"", "c"},
	"check_roster": {"", "garbage", "\x1em", "\x1em1\x1fx", "m\x1f1", "\x1e\x1f1", "\x1em\x1f1\x1e", "\x1em\x1f1\x1f", "\x1em\x1d\x1f1", "\x1em\x1f1234567890123456"},
}

// readByScripts says of each text whether a function of the scripts reads it.
func (s *space) readByScripts(function string, texts []string) []bool {
	s.t.Helper()
	parts, _, _ := strings.Cut(scripts.Source("tidy"), "-- tidy:") // that every reader stands in
	source := parts + `
		local function check_roster(text) if not is_roster(text) then unreadable() end end
		local read = {}
		for i = 5, #ARGV do read[i - 4] = pcall(` + function + `, ARGV[i]) and 1 or 0 end
		return read`
	args := []any{s.until(time.Minute), "a", "", "a"}
	for _, text := range texts {
		args = append(args, text)
	}
	answers, err := redis.NewScript(source).Run(s.ctx, s.admin, s.a.keys.all("a"), args...).Int64Slice()
	s.must(err)
	read := make([]bool, len(answers))
	for i, answer := range answers {
		read[i] = answer == 1
	}
	return read
}

// TestBothReadTheSame: what the scripts can read of the data can be read here, and nothing else. Otherwise nobody would
// mend what the others cannot read.
func TestBothReadTheSame(t *testing.T) {
	t.Parallel()
	redistest.EachShared(t, func(t *testing.T, server *redistest.Server) {
		s := newSpace(t, server)
		for function, one := range decoders {
			for i, read := range s.readByScripts(function, one.good) {
				if err := one.decode(one.good[i]); !read || err != nil {
					t.Errorf("%q, which is good: %s reads it: %v; here %v", one.good[i], function, read, err)
				}
			}
			for i, read := range s.readByScripts(function, bad[function]) {
				if err := one.decode(bad[function][i]); read || err == nil {
					t.Errorf("%q, which is bad: %s reads it: %v; here %v", bad[function][i], function, read, err)
				}
			}
			texts := changedTexts(one.good)
			for page := range slices.Chunk(texts, 1000) {
				for i, read := range s.readByScripts(function, page) {
					if err := one.decode(page[i]); read != (err == nil) {
						t.Errorf("%q: %s reads it: %v; here %v", page[i], function, read, err)
					}
				}
			}
		}
	})
}

// changedTexts are records with one byte gone, or something put there in its place or before it.
func changedTexts(records []string) (texts []string) {
	for _, record := range records {
		for at := range len(record) + 1 {
			rest := record[at:]
			for _, there := range []string{"", "x", "0", "-", " ", "\n", "\x00", "\x1d", "\x1e", "\x1f", fmt.Sprint(int64(1e15))} {
				texts = append(texts, record[:at]+there+rest)
				if rest != "" {
					texts = append(texts, record[:at]+there+rest[1:])
				}
			}
		}
	}
	return texts
}
