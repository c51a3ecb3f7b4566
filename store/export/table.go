package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A table is a file to be, or a sheet: its columns, each with its name, its explanation and its value side by side, so
// that header, cells, schema and codebook cannot drift apart, whatever the format.
type table[R any] struct {
	name    string // of the file, without its extension
	en, zh  string
	key     []string // columns that identify a row; none when rows have no such columns
	parent  bool     // rows belong to a row of reports
	shared  []string // columns in which rows that are written together have one value
	columns []column[R]
}

type column[R any] struct {
	name   string
	kind   kind
	en, zh string
	value  func(R) value
}

// A shape is a table without its values: what a format needs to know of it.
type shape struct {
	name, en, zh string
	key          []string
	parent       bool
	fields       []field
}

// A field is a column without its value.
type field struct {
	name   string
	kind   kind
	en, zh string
	words  []word // all that may stand in it, where that is known
}

func (t table[R]) shape() shape {
	s := shape{t.name, t.en, t.zh, t.key, t.parent, make([]field, 0, len(t.columns))}
	for _, c := range t.columns {
		s.fields = append(s.fields, field{c.name, c.kind, c.en, c.zh, vocabulary(t.name, c.name)})
	}
	return s
}

// A format makes files of one kind. Tables are begun in the order in which they are to be listed, filled at the same
// time, and closed; then the format is finished.
type format interface {
	begin(shape) (writer, error)
	finish(context.Context) error // completes files that hold several tables
	abandon()                     // lets go of what is open, when the export has failed
}

// A writer takes the rows of one table.
type writer interface {
	// write takes rows, which are the caller's again when it returns; the texts in them may be kept.
	write(*block) error
	close() error
	abandon() // lets go of what is open, closed or not, when the export has failed
	// describe tells what became of the table, once the format is finished: a resource a file, or a part of one.
	describe() []dataResource
}

// A block is rows that are written together, column by column. A column has a value a row, or one that all rows share.
type block struct {
	columns [][]value
	same    []bool // of the columns: they are as in the block before
	rows    int
}

// blockRows is how many rows a block has at most.
const blockRows = 1024

// at is the value of a row in a column.
func (b *block) at(row, column int) *value {
	if c := b.columns[column]; len(c) > 1 {
		return &c[row]
	}
	return &b.columns[column][0]
}

// varying returns the range of columns outside which all have one value.
func (b *block) varying() (from, to int) {
	for to = len(b.columns); from < to && len(b.columns[from]) == 1; from++ {
	}
	for ; to > from && len(b.columns[to-1]) == 1; to-- {
	}
	return from, to
}

// each hands the rows on one by one.
func (b *block) each(write func(b *block, row int) error) error {
	for row := range b.rows {
		if err := write(b, row); err != nil {
			return err
		}
	}
	return nil
}

// A sheet is a table being written: each row is made once and handed to every format.
type sheet[R any] struct {
	table[R]
	form    shape
	writers []writer
	shares  []bool // of the columns: they are among those shared
	block   block  // used again
	rows    int
	closed  bool
}

func newSheet[R any](formats []format, t table[R]) (*sheet[R], error) {
	s := &sheet[R]{table: t, form: t.shape(), block: block{columns: make([][]value, len(t.columns)), same: make([]bool, len(t.columns))}}
	for _, c := range t.columns {
		s.shares = append(s.shares, slices.Contains(t.shared, c.name))
	}
	for _, f := range formats {
		w, err := f.begin(s.form)
		if err != nil {
			return nil, err
		}
		s.writers = append(s.writers, w)
	}
	return s, nil
}

func (s *sheet[R]) write(r R) error { return s.writeBlock([]R{r}) }

// writeBlock writes rows, at least one, and blockRows at most.
func (s *sheet[R]) writeBlock(rows []R) error {
	s.block.rows = len(rows)
	for i := range s.columns {
		of := rows
		if s.shares[i] {
			of = rows[:1]
		}
		if err := s.fill(i, of); err != nil {
			return err
		}
	}
	s.rows += len(rows)
	for _, w := range s.writers {
		if err := w.write(&s.block); err != nil {
			return fmt.Errorf("%s row %d: %w", s.name, s.rows, err)
		}
	}
	return nil
}

// fill makes the values of a column. Most are what stood there in the block before: nothing is made of them again.
func (s *sheet[R]) fill(column int, rows []R) error {
	c := &s.columns[column]
	before := s.block.columns[column]
	values := slices.Grow(before[:0], len(rows))[:len(rows)]
	same := len(before) == len(rows)
	for i := range rows {
		v, was := c.value(rows[i]), &values[i]
		if v.ok == was.ok && v.n == was.n && v.text == was.text {
			was.text = v.text // that of an earlier row would keep its record in memory
			continue
		}
		if v.ok && v.kind != c.kind {
			return fmt.Errorf("%s row %d, %s: a %s, not a %s", s.name, s.rows+i+1, c.name, v.kind, c.kind) // a mistake of ours
		}
		if v.kind == text {
			v.settle()
		}
		*was, same = v, false
	}
	s.block.columns[column], s.block.same[column] = values, same
	return nil
}

func (s *sheet[R]) shape() shape { return s.form }

// close completes the table. Closing again does nothing.
func (s *sheet[R]) close() (err error) {
	if s.closed {
		return nil
	}
	s.closed = true
	for _, w := range s.writers {
		err = errors.Join(err, w.close())
	}
	return err
}

func (s *sheet[R]) abandon() {
	for _, w := range s.writers {
		w.abandon()
	}
}

// describe tells what became of the table, in each format.
func (s *sheet[R]) describe() (list [][]dataResource) {
	for _, w := range s.writers {
		list = append(list, w.describe())
	}
	return list
}

// A word is one of those that may stand in a column.
type word struct{ text, en, zh string }

// vocabulary returns the words of a column that has a closed list of them; nil when anything may stand there. The order
// never changes, and new words go to the end: in Stata, a word is a number.
func vocabulary(table, column string) []word {
	list := vocabularies()
	at := func(name string) int {
		return slices.IndexFunc(list, func(v struct {
			column string
			words  []word
		}) bool {
			return v.column == name
		})
	}
	if i := at(table + "." + column); i >= 0 {
		return list[i].words
	}
	if i := at(column); i >= 0 {
		return list[i].words
	}
	return nil
}
