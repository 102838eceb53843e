package strict

import (
	"encoding/json"
	"strings"
	"time"
)

func wrongType(path string, src any, want string) error {
	return &Error{path, "is " + TypeName(src) + "; must be " + want}
}

// TypeName says what a decoded value is, as the writer of the document would call it.
func TypeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int, int64, uint64:
		return "an integer"
	case float64:
		return "a number with a fraction or exponent"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "a number with a fraction or exponent"
		}
		return "an integer"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	case time.Time:
		return "a date"
	default: // YAML mappings may have keys of any type
		return "a mapping with names that are not strings"
	}
}
