package cli

import (
	"fmt"
	"strconv"
	"time"
)

// answer is what a verb found: a value, whose JSON names are promised, and the same for people.
type answer struct {
	value  any
	tables []table
}

// table is rows under columns, or, without columns, names and what they are.
type table struct {
	title   string // above it; "" for none
	columns []string
	rows    [][]cell
	empty   string // stands in place of a table without rows
}

// cell is one field of a table.
type cell struct {
	text string
	tone tone
}

// tone is how a cell is coloured on a terminal that has colours.
type tone int

const (
	plain tone = iota
	good
	waiting
	bad
	faint
)

// row makes cells of what a row consists of: cells, texts, numbers, and moments.
func row(fields ...any) []cell {
	cells := make([]cell, len(fields))
	for i, field := range fields {
		switch value := field.(type) {
		case cell:
			cells[i] = value
		case string:
			cells[i] = cell{text: value}
		case int:
			cells[i] = cell{text: strconv.Itoa(value)}
		case time.Time:
			cells[i] = moment(value)
		default:
			cells[i] = cell{text: fmt.Sprint(value)}
		}
	}
	return cells
}

// moment shows a time as people compare it with a log; the zero one as "-".
func moment(at time.Time) cell {
	if at.IsZero() {
		return cell{"-", faint}
	}
	return cell{text: at.UTC().Format("2006-01-02 15:04:05Z")}
}

// orDash shows a text that may be missing.
func orDash(text string) cell {
	if text == "" {
		return cell{"-", faint}
	}
	return cell{text: text}
}
