package store

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestNewOperation(t *testing.T) {
	t.Parallel()
	form, seen := regexp.MustCompile(`^1700000000000-[A-Za-z0-9_-]{11}$`), map[string]bool{}
	for range 1000 {
		operation := newOperation(1_700_000_000_000)
		if !form.MatchString(operation) {
			t.Fatalf("operation %q", operation)
		}
		if seen[operation] {
			t.Fatalf("operation %q comes twice", operation)
		}
		seen[operation] = true
	}
}

func TestNewEpoch(t *testing.T) {
	t.Parallel()
	a, b := newEpoch(), newEpoch()
	if form := regexp.MustCompile(`^[A-Za-z0-9_-]{11}$`); a == b || !form.MatchString(a) || !form.MatchString(b) {
		t.Errorf("epochs %q and %q", a, b)
	}
}

func TestPositionText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := Position{
			newEpoch(), rapid.Uint64().Draw(t, "revision"), newOperation(rapid.Int64Range(0, 1<<50).Draw(t, "last moment")),
		}
		if got, err := ParsePosition(want.String()); err != nil || got != want {
			t.Errorf("%q is read as %v, %v", want, got, err)
		}
		text, err := json.Marshal(map[string]Position{"at": want})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]Position
		if err := json.Unmarshal(text, &got); err != nil || got["at"] != want {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	})
	for text, want := range map[string]Position{"": {}, "e:0:n": {"e", 0, "n"}, "e:7:n-1": {"e", 7, "n-1"}} {
		if got, err := ParsePosition(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q is read as %+v, %v, and shown as %q", text, got, err, got)
		}
	}
}

func TestPositionMalformed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"e", "e:7", ":7:n", "e::n", "e:7:", "e:7:n:x", "e:-7:n", "e:+7:n", "e:7.0:n", "e:0x7:n", "e:99999999999999999999:n", "::",
	} {
		var invalid *InvalidError
		if got, err := ParsePosition(text); !errors.As(err, &invalid) || invalid.Field != "position" || got != (Position{}) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
		var got Position
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken as text of a position", text)
		}
	}
}

// Errors that name a field match ErrInvalid, and nothing else.
func TestInvalidError(t *testing.T) {
	t.Parallel()
	err := error(&InvalidError{"field", "is wrong"})
	if !errors.Is(err, ErrInvalid) || errors.Is(err, ErrClosed) || err.Error() != "field: is wrong" {
		t.Errorf("%v", err)
	}
}
