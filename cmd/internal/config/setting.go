package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/internal/strict"
)

// Setting is one scalar key of Config, as flags and the environment need to know it.
type Setting struct {
	Key     string
	Usage   string
	Default string // as one would type it
	Type    string // "string" or "duration"

	field int // index in Config
}

// Flag is the name of the setting's flag, without dashes in front.
func (s Setting) Flag() string { return strings.ReplaceAll(s.Key, "_", "-") }

// Text is the setting's value in c, as one would type it. That of redis_url may hold a password.
func (s Setting) Text(c *Config) string {
	return asTyped(reflect.ValueOf(c).Elem().Field(s.field).Interface())
}

// environment lists the variables that state the setting, the strongest first.
func (s Setting) environment() []string {
	names := []string{"ROLLCALL_" + strings.ToUpper(s.Key)}
	if s.Key == "redis_url" {
		names = append(names, "REDIS_URL", "REDIS_CONN_STRING", "REDIS_DSN")
	}
	return names
}

// Settings returns the scalar settings in the order of Config.
func Settings() []Setting {
	defaults := reflect.ValueOf(Default()).Elem()
	var all []Setting
	for i := range defaults.NumField() {
		field, value := defaults.Type().Field(i), defaults.Field(i)
		if value.Kind() == reflect.Slice {
			continue
		}
		all = append(all, Setting{
			Key: field.Tag.Get("key"), Usage: field.Tag.Get("usage"), Default: asTyped(value.Interface()),
			Type: typeName(value.Interface()), field: i,
		})
	}
	return all
}

// asTyped writes a value as people do: 5m where Duration.String says 5m0s.
func asTyped(value any) string {
	text := fmt.Sprint(value)
	if _, ok := value.(time.Duration); !ok {
		return text
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func typeName(value any) string {
	if _, ok := value.(time.Duration); ok {
		return "duration"
	}
	return reflect.TypeOf(value).String()
}

// keys returns every key a config file may have.
func keys() []string {
	t := reflect.TypeFor[Config]()
	all := make([]string, t.NumField())
	for i := range all {
		all[i] = t.Field(i).Tag.Get("key")
	}
	return all
}

// set puts value into the setting's field of c. The returned text is the problem, "" if there is none.
func (s Setting) set(c *Config, value any) (problem string) {
	field := reflect.ValueOf(c).Elem().Field(s.field)
	text, isText := value.(string)
	switch field.Interface().(type) {
	case string:
		if !isText {
			return "is " + strict.TypeName(value) + "; must be a string (quote it)"
		}
		field.SetString(text)
	case time.Duration:
		d, err := time.ParseDuration(text)
		if !isText || err != nil {
			return "is " + quoteOr(value) + `; must be a duration such as "15s", "5m" or "1h30m"`
		}
		field.SetInt(int64(d))
	default:
		panic("config: no way to set " + s.Key)
	}
	return ""
}

// quoteOr says what was found: text as it stands, anything else by its type.
func quoteOr(value any) string {
	if text, ok := value.(string); ok {
		return "the string " + strconv.Quote(text)
	}
	return strict.TypeName(value)
}
