package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// CheckJSON looks in one valid JSON document for what encoding/json takes without a word and changes: of a name that is
// twice in an object it keeps the last value, and in place of what is no character it puts U+FFFD, which is right only
// where a Decoder's Foreign says so. The error is an *Error.
func (d Decoder) CheckJSON(data []byte) error {
	w := jsonWalk{data: data, foreign: d.Foreign, decoder: json.NewDecoder(bytes.NewReader(data))}
	w.decoder.UseNumber()
	return w.value(nil)
}

type jsonWalk struct {
	data    []byte
	decoder *json.Decoder
	read    int64 // offset behind the last token
	foreign func(path string) bool
}

// place is where a value stands. It is put into words only where these are needed: a document has millions of values.
type place struct {
	in    *place // nil: the document
	name  string // in an object
	index int    // in an array, from 1
}

func (p *place) String() string {
	if p == nil {
		return ""
	}
	if p.index > 0 {
		return fmt.Sprintf("%s[%d]", p.in, p.index-1)
	}
	return join(p.in.String(), p.name)
}

// token returns the next token and checks it; at is where it stands, or for a name the object that it stands in.
func (w *jsonWalk) token(at *place) (json.Token, error) {
	token, err := w.decoder.Token()
	if err != nil {
		return nil, &Error{at.String(), "is not valid JSON: " + err.Error()}
	}
	raw := w.data[w.read:w.decoder.InputOffset()]
	w.read = w.decoder.InputOffset()
	if text, ok := token.(string); ok {
		if problem := textProblem(raw); problem != "" && (w.foreign == nil || !w.foreign(at.String())) {
			return text, &Error{at.String(), problem}
		}
	}
	return token, nil
}

func (w *jsonWalk) value(at *place) error {
	token, err := w.token(at)
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = w.object(at)
	case json.Delim('['):
		for i := 1; err == nil && w.decoder.More(); i++ {
			err = w.value(&place{in: at, index: i})
		}
	default:
		return nil
	}
	if err == nil {
		_, err = w.token(at) // the end
	}
	return err
}

func (w *jsonWalk) object(at *place) error {
	seen := map[string]bool{}
	for w.decoder.More() {
		token, err := w.token(at)
		if err != nil {
			return err
		}
		name := token.(string)
		under := &place{in: at, name: name}
		if seen[name] {
			return &Error{under.String(), "is there twice"}
		}
		seen[name] = true
		if err := w.value(under); err != nil {
			return err
		}
	}
	return nil
}

// textProblem says why a string of valid JSON, with its quotes, is no text; "" means that it is.
func textProblem(raw []byte) string {
	if !utf8.Valid(raw) {
		return "is not valid UTF-8"
	}
	for {
		at := bytes.IndexByte(raw, '\\')
		if at < 0 {
			return ""
		}
		raw = raw[at:]
		first, ok := escaped(raw)
		if !ok {
			raw = raw[2:] // such as \n, or \\, behind which a u means nothing
			continue
		}
		raw = raw[6:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, _ := escaped(raw)
		if utf16.DecodeRune(first, second) == utf8.RuneError {
			return fmt.Sprintf(`has half of a surrogate pair, \u%04x`, first)
		}
		raw = raw[6:]
	}
}

// escaped reads the \uXXXX that a text may begin with.
func escaped(raw []byte) (unit rune, ok bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(n), err == nil
}
