package cli

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

const gap = "  " // between columns

// colours are what terminals understand, by tone.
var colours = map[tone]string{good: "\x1b[32m", waiting: "\x1b[33m", bad: "\x1b[31m", faint: "\x1b[2m"}

const (
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// tablesText writes tables, an empty line between them.
func tablesText(tables []table, coloured bool) []byte {
	var out bytes.Buffer
	for i, t := range tables {
		if i > 0 {
			out.WriteByte('\n')
		}
		t.write(&out, coloured)
	}
	return out.Bytes()
}

func (t table) write(out *bytes.Buffer, coloured bool) {
	if t.title != "" {
		out.WriteString(painted(t.title, bold, coloured) + "\n")
	}
	if len(t.rows) == 0 {
		if t.empty != "" {
			out.WriteString(t.empty + "\n")
		}
		return
	}
	widths := t.widths()
	if len(t.columns) > 0 {
		header := make([]cell, len(t.columns))
		for i, name := range t.columns {
			header[i] = cell{text: strings.ToUpper(name)}
		}
		writeRow(out, header, widths, func(cell) string { return bold }, coloured)
	}
	for _, r := range t.rows {
		writeRow(out, r, widths, func(c cell) string { return colours[c.tone] }, coloured)
	}
}

func (t table) widths() []int {
	var widths []int
	widen := func(i int, text string) {
		if i == len(widths) {
			widths = append(widths, 0)
		}
		widths[i] = max(widths[i], utf8.RuneCountInString(text))
	}
	for i, name := range t.columns {
		widen(i, name)
	}
	for _, r := range t.rows {
		for i, c := range r {
			widen(i, harmless(c.text))
		}
	}
	return widths
}

func writeRow(out *bytes.Buffer, cells []cell, widths []int, colour func(cell) string, coloured bool) {
	for i, c := range cells {
		text := harmless(c.text)
		out.WriteString(painted(text, colour(c), coloured))
		if i < len(cells)-1 {
			out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)) + gap)
		}
	}
	out.WriteByte('\n')
}

func painted(text, colour string, coloured bool) string {
	if !coloured || colour == "" {
		return text
	}
	return colour + text + reset
}

// harmless shows control characters as '?': reasons come from upstreams, and must neither break the lines nor command
// the terminal.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}
