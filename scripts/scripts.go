// Package scripts holds the Lua that Redis runs: one verb a file, and under shared the parts that several verbs begin
// with. A verb's header says what it does, its ARGV, what it returns and what it costs; the KEYS are the same for all
// and stand in shared/base.lua. The line "Uses" names the shared parts, in order, that are put before the verb, "-" for
// none.
package scripts

import (
	"embed"
	"strings"
)

//go:embed *.lua shared/*.lua
var files embed.FS

// Verbs returns the names of all scripts, in alphabetical order.
func Verbs() []string {
	entries, _ := files.ReadDir(".") // an embedded directory is always there
	var verbs []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".lua"); ok {
			verbs = append(verbs, name)
		}
	}
	return verbs
}

// Source returns the whole text of a verb's script, shared parts first. It panics when there is no such verb, which
// is a mistake in the program and not in its input.
func Source(verb string) string {
	body := read(verb + ".lua")
	var source strings.Builder
	for _, part := range uses(body) {
		source.WriteString(read("shared/" + part + ".lua"))
	}
	source.WriteString(body)
	return source.String()
}

func uses(body string) []string {
	for line := range strings.Lines(body) {
		if parts, ok := strings.CutPrefix(line, "-- Uses "); ok {
			return strings.Fields(strings.TrimSuffix(parts, "-\n"))
		}
	}
	return nil
}

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("scripts: " + err.Error())
	}
	return string(text)
}
