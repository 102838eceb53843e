package store

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzEscape(f *testing.F) {
	for _, text := range []string{"", "plain", "50 %", "%25", "%", "%2", "%zz", "a\nb\tc", "\x00\x1d\x1e\x1f\x7f", "ü%ü", "\u0085"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("refused before")
		}
		escaped := escape(text)
		if strings.ContainsFunc(escaped, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			t.Errorf("%q has control characters", escaped)
		}
		if got := unescape(escaped); got != text {
			t.Errorf("%q becomes %q and then %q", text, escaped, got)
		}
	})
}

// FuzzUnescape takes what some other program may have written.
func FuzzUnescape(f *testing.F) {
	for _, text := range []string{"%", "%4", "%41", "%4g", "%%41", "%+1", "100%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := unescape(text); len(got) > len(text) || (!strings.Contains(text, "%") && got != text) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "plain ü": "plain ü", "50 %": "50 %25", "a\nb": "a%0Ab", "\x1f": "%1F", "\x7f": "%7F",
	} {
		if got := escape(text); got != want {
			t.Errorf("%q is escaped as %q, want %q", text, got, want)
		}
	}
}

func TestDecodeClient(t *testing.T) {
	t.Parallel()
	full := &ClientRecord{Provider: "p", Digest: "d", RegisteredAt: 5, Revision: 6, Holders: []string{"a", "b"}}
	for text, want := range map[string]*ClientRecord{
		"p\x1fd\x1f5\x1f6\x1f2\x1fa,b":                  full,
		"p\x1fd\x1f5\x1f6\x1f2\x1fa,b\x1f100":           full, // re-asserted
		"p\x1fd\x1f5\x1f6\x1f2\x1fa,b\x1f\x1fnewer\x1f": full, // written by a newer version
		"\x1fd\x1f5\x1f6\x1f0\x1f":                      {Digest: "d", RegisteredAt: 5, Revision: 6},
	} {
		if got, err := decodeClient(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "p", "p\x1fd\x1f5\x1f6\x1f2", "p\x1fd\x1fx\x1f6\x1f2\x1fa", "p\x1fd\x1f5\x1fx\x1f2\x1fa", "p\x1fd\x1f5\x1f-6\x1f2\x1fa",
	} {
		if got, err := decodeClient(text); !errors.Is(err, errRecord) || got != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestDecodeMark(t *testing.T) {
	t.Parallel()
	quota := "7\x1f8\x1f9\x1fheuristic\x1fa\x1falice\x1f50 %25"
	wantQuota := &MarkPart{Until: 7, Revision: 8, Since: 9, Source: "heuristic", Setter: "a", Actor: "alice", Reason: "50 %"}
	suspension := "0\x1f8\x1f9\x1f\x1fa\x1f\x1fwhy"
	wantSuspension := &MarkPart{Revision: 8, Since: 9, Setter: "a", Reason: "why"}
	for text, want := range map[string]*Mark{
		"":                           nil,
		"\x1e\x1e":                   nil,
		"\x1e\x1e7\x1f8":             nil, // a fence
		quota + "\x1e\x1e":           {Quota: wantQuota},
		"\x1e" + suspension + "\x1e": {Suspension: wantSuspension},
		quota + "\x1e" + suspension + "\x1e7\x1f8": {Quota: wantQuota, Suspension: wantSuspension},
		quota + "\x1fmore\x1e\x1e\x1enewer\x1f":    {Quota: wantQuota}, // written by a newer version
	} {
		got, err := decodeMark(text)
		if err != nil || (got == nil) != (want == nil) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
			continue
		}
		if got == nil {
			continue
		}
		if !reflect.DeepEqual(got.Quota, want.Quota) || !reflect.DeepEqual(got.Suspension, want.Suspension) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		if got.encoded() != text { // with what was not understood
			t.Errorf("%q is written again as %q", text, got.encoded())
		}
		again, err := decodeMark((&Mark{Quota: want.Quota, Suspension: want.Suspension}).encoded())
		if err != nil || !reflect.DeepEqual(again.Quota, want.Quota) || !reflect.DeepEqual(again.Suspension, want.Suspension) {
			t.Errorf("%+v comes back as %+v, %v", want, again, err)
		}
	}
	for _, text := range []string{
		"x", quota, quota + "\x1e", "7\x1f8\x1e\x1e", "x\x1f8\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e", "7\x1fx\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e",
		"7\x1f8\x1fx\x1fs\x1fa\x1f\x1f\x1e\x1e", "\x1ex\x1e",
	} {
		if got, err := decodeMark(text); !errors.Is(err, errRecord) || got != nil {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestDecodePair(t *testing.T) {
	t.Parallel()
	pair, err := decodePair("c\x1fa/b:free", "7\x1f8\x1f9\x1fs\x1fa\x1f\x1f\x1e\x1e")
	if err != nil || pair.Client != "c" || pair.Model != "a/b:free" || pair.Mark == nil {
		t.Errorf("%+v, %v", pair, err)
	}
	pair, err = decodePair("c\x1f", "\x1e7\x1em\x1fn") // which marks wait for c
	if err != nil || pair.Client != "c" || pair.Mark != nil {
		t.Errorf("%+v, %v", pair, err)
	}
}

// No text makes the decoders panic, and what they take they write again as it was.
func FuzzDecode(f *testing.F) {
	f.Add("p\x1fd\x1f5\x1f6\x1f2\x1fa,b")
	f.Add("7\x1f8\x1f9\x1fheuristic\x1fa\x1falice\x1f50 %25\x1e0\x1f8\x1f9\x1f\x1fa\x1f\x1fwhy\x1e7\x1f8")
	f.Add("c\x1d7\x1d-\x1d")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = decodeClient(text)
		if mark, err := decodeMark(text); err == nil && mark != nil && mark.encoded() != text {
			t.Errorf("%q is written again as %q", text, mark.encoded())
		}
		for _, kind := range []Kind{KindClient, KindJoined, KindGone, KindReleased, KindAsserted, KindMark, KindEpoch} {
			_, _ = decodeEntry(with(with(link(1), "kind", string(kind)), "payload", text))
		}
	})
}
