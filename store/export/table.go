package export

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// A kind is what the cells of a column are, in the words of Frictionless Table Schema.
type kind string

const (
	text    kind = "string"
	whole   kind = "integer"
	decimal kind = "number"
	truth   kind = "boolean"
	day     kind = "date"
	instant kind = "datetime"
)

// A table is a file to be: its columns, each with its name, its explanation and its value side by side, so that
// header, cells, schema and codebook cannot drift apart.
type table[R any] struct {
	name    string // of the file, without .csv
	en, zh  string
	key     []string // columns that identify a row; none when rows have no such columns
	parent  bool     // rows belong to a row of reports
	columns []column[R]
}

type column[R any] struct {
	name   string
	kind   kind
	en, zh string
	value  func(R) string
}

// A field is a column without its value.
type field struct {
	name   string
	kind   kind
	en, zh string
}

func (t table[R]) fields() []field {
	fields := make([]field, 0, len(t.columns))
	for _, c := range t.columns {
		fields = append(fields, field{c.name, c.kind, c.en, c.zh})
	}
	return fields
}

// A sheet is a table being written.
type sheet[R any] struct {
	table[R]
	out  *file
	csv  *csv.Writer
	row  []string
	rows int
}

const byteOrderMark = "\ufeff"

func newSheet[R any](d *folder, t table[R], bom bool) *sheet[R] {
	out := d.create(t.name + ".csv")
	s := &sheet[R]{table: t, out: out, csv: csv.NewWriter(out)}
	if bom {
		_, _ = out.Write([]byte(byteOrderMark)) // the file remembers
	}
	for _, c := range t.columns {
		s.row = append(s.row, c.name)
	}
	_ = s.csv.Write(s.row) // likewise
	return s
}

func (s *sheet[R]) write(r R) error {
	for i, c := range s.columns {
		value, err := cell(c.kind, c.value(r))
		if err != nil {
			return fmt.Errorf("%s.csv row %d, %s: %w", s.name, s.rows+1, c.name, err)
		}
		s.row[i] = value
	}
	s.rows++
	return s.csv.Write(s.row)
}

func (s *sheet[R]) close() error {
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return err
	}
	return s.out.close()
}

// A cell that begins with one of these may be run as a formula by a spreadsheet, in full-width form too.
const dangerous = "=+-@\t\r\n＝＋－＠"

// guard puts an apostrophe before text that a spreadsheet might run, and before one that is there already: to take
// one leading apostrophe off any text cell gives back the text.
func guard(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s != "" && (first == '\'' || strings.ContainsRune(dangerous, first)) {
		return "'" + s
	}
	return s
}

var shapes = map[kind]*regexp.Regexp{
	whole:   regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`),
	decimal: regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`),
	truth:   regexp.MustCompile(`^(true|false)$`),
}

// cell returns a value as it may stand in a column. Only text is guarded: everything else is of a shape that cannot
// be a formula, and a value of another shape is a mistake of ours, not a cell.
func cell(k kind, value string) (string, error) {
	ok := true
	switch k {
	case text:
		return guard(value), nil
	case day:
		ok = isDay(value)
	case instant:
		_, err := time.Parse(time.RFC3339, value)
		ok = err == nil
	default:
		ok = shapes[k].MatchString(value)
	}
	if !ok && value != "" {
		return "", fmt.Errorf("%q is not a %s", value, k)
	}
	return value, nil
}

func isDecimal(s string) bool { return shapes[decimal].MatchString(s) }

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
