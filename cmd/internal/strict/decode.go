// Package strict turns decoded YAML or JSON into Go structs and says exactly where it does not fit: every error carries
// the path of the value, such as clients[2].models[0].created.
//
// Names are the structs' JSON names, upper and lower case matter, and nothing is converted: "4" is not a number. A field
// with the tag strict:"stated" is not named without a value.
package strict

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
)

// longestName is how many bytes of a name are repeated in a path.
const longestName = 64

// Error is a value that does not fit.
type Error struct {
	Path    string // where, such as clients[2].id
	Problem string
}

func (e *Error) Error() string { return e.Path + ": " + e.Problem }

// Decoder sets Go values from what a YAML or JSON decoder made of a document: map[string]any, []any, string, bool,
// integers, float64, json.Number, nil.
type Decoder struct {
	// Unknown hears of each name that its struct does not have; its error ends the decoding. nil refuses the name.
	Unknown func(path string, known []string) error
	// Short, when not nil, may replace a value by its long form before it is decoded into a struct of type t.
	Short func(t reflect.Type, value any) any
	// Foreign says whether the text at a path is handed on as it came from elsewhere; see CheckJSON. nil: none is.
	Foreign func(path string) bool
}

// Decode sets what dst points to from src. Null leaves a value as it is. The error is an *Error, or what Unknown
// returned.
func (d Decoder) Decode(path string, src, dst any) error {
	return d.value(path, src, reflect.ValueOf(dst).Elem())
}

func (d Decoder) value(path string, src any, dst reflect.Value) error {
	if src == nil {
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(dst.Type().Elem())
		if err := d.value(path, src, fresh.Elem()); err != nil {
			return err
		}
		dst.Set(fresh)
		return nil
	case reflect.Struct:
		return d.fields(path, src, dst)
	case reflect.Slice:
		return d.list(path, src, dst)
	case reflect.Map:
		return d.mapping(path, src, dst)
	default:
		return scalar(path, src, dst)
	}
}

func (d Decoder) fields(path string, src any, dst reflect.Value) error {
	if d.Short != nil {
		src = d.Short(dst.Type(), src)
	}
	m, ok := src.(map[string]any)
	if !ok {
		return wrongType(path, src, "a mapping of names to values")
	}
	index := fieldIndex(dst.Type())
	for _, name := range sortedKeys(m) {
		at := join(path, name)
		i, ok := index[name]
		if !ok {
			if err := d.unknown(at, name, sortedKeys(index)); err != nil {
				return err
			}
			continue
		}
		value := m[name]
		if dst.Type().Field(i).Tag.Get("strict") == "stated" && (value == nil || value == "") {
			return &Error{at, "is empty; must have a value, or be left out"}
		}
		if err := d.value(at, value, dst.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (d Decoder) unknown(path, name string, known []string) error {
	if d.Unknown != nil {
		return d.Unknown(path, known)
	}
	return &Error{path, fmt.Sprintf("unknown key; the nearest known one is %q", Nearest(name, known))}
}

func (d Decoder) list(path string, src any, dst reflect.Value) error {
	items, ok := src.([]any)
	if !ok {
		return wrongType(path, src, "a list")
	}
	out := reflect.MakeSlice(dst.Type(), len(items), len(items))
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item == nil {
			return wrongType(at, item, "a value")
		}
		if err := d.value(at, item, out.Index(i)); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

func (d Decoder) mapping(path string, src any, dst reflect.Value) error {
	m, ok := src.(map[string]any)
	if !ok {
		return wrongType(path, src, "a mapping of names to values")
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	for _, name := range sortedKeys(m) {
		v := reflect.New(dst.Type().Elem()).Elem()
		if err := d.value(join(path, name), m[name], v); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(name), v)
	}
	dst.Set(out)
	return nil
}

func scalar(path string, src any, dst reflect.Value) error {
	switch dst.Kind() {
	case reflect.String:
		s, ok := src.(string)
		if !ok {
			return wrongType(path, src, "a string (quote it)")
		}
		dst.SetString(s)
	case reflect.Bool:
		b, ok := src.(bool)
		if !ok {
			return wrongType(path, src, "true or false")
		}
		dst.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := integer(src)
		if !ok || dst.OverflowInt(n) {
			return wrongType(path, src, "an integer of at most 64 bits")
		}
		dst.SetInt(n)
	default:
		panic("strict: a field of kind " + dst.Kind().String())
	}
	return nil
}

func integer(src any) (int64, bool) {
	switch n := src.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	default:
		return 0, false
	}
}

// fieldIndex maps the JSON names of a struct's fields to their places; fields with the name "-" have none.
func fieldIndex(t reflect.Type) map[string]int {
	index := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			index[name] = i
		}
	}
	return index
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// join names what stands under a name at a path. Of a long name it takes the beginning: a document may bring any.
func join(path, name string) string {
	if len(name) > longestName {
		name = strings.ToValidUTF8(name[:longestName], "") + "..."
	}
	if path == "" {
		return name
	}
	return path + "." + name
}
