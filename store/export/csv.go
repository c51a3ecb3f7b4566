package export

import (
	"context"
	"strings"
	"unicode/utf8"
)

// csvFormat writes a file a table: RFC 4180, UTF-8, lines that end with LF.
type csvFormat struct {
	out *folder
	bom bool // begin each file with a byte order mark
}

const byteOrderMark = "\ufeff"

func (c csvFormat) begin(t shape) (writer, error) {
	w := &lineWriter{plainFile: plainFile{t, c.out.create(t.name + ".csv"), 0, "csv", "text/csv"}, cell: csvCell, end: "\n"}
	if c.bom {
		w.lines = append(w.lines, byteOrderMark...)
	}
	for i, f := range t.fields {
		if i > 0 {
			w.lines = append(w.lines, ',')
		}
		w.lines = append(w.lines, f.name...)
	}
	_, err := w.file.Write(append(w.lines, '\n'))
	return w, err
}

func (csvFormat) finish(context.Context) error { return nil }

func (csvFormat) abandon() {}

func csvCell(b []byte, column int, v *value) []byte {
	if column > 0 {
		b = append(b, ',')
	}
	switch {
	case !v.ok:
		return b
	case v.bare:
		return append(b, v.text...)
	case v.kind == text:
		return appendCSV(b, v.text)
	}
	return v.appendTo(b) // of a shape that cannot be a formula
}

// A lineWriter writes a line a row.
type lineWriter struct {
	plainFile
	cell  func(b []byte, column int, v *value) []byte // writes a value, with what stands before it
	end   string                                      // of a line
	lines []byte                                      // these are used again for each block
	head  []byte                                      // what all lines of a block begin with
	tail  []byte                                      // and end with
}

func (w *lineWriter) write(b *block) error {
	from, to := b.varying()
	w.head = w.cells(w.head[:0], b, 0, 0, from)
	w.tail = append(w.cells(w.tail[:0], b, 0, to, len(b.columns)), w.end...)
	lines := w.lines[:0]
	for row := range b.rows {
		lines = append(w.cells(append(lines, w.head...), b, row, from, to), w.tail...)
		if len(lines) < blockSize && row+1 < b.rows {
			continue
		}
		if _, err := w.file.Write(lines); err != nil {
			return err
		}
		lines = lines[:0]
	}
	w.lines = lines
	w.rows += b.rows
	return nil
}

func (w *lineWriter) cells(line []byte, b *block, row, from, to int) []byte {
	for i := from; i < to; i++ {
		line = w.cell(line, i, b.at(row, i))
	}
	return line
}

// appendCSV writes a guarded text, in quotes where it needs them.
func appendCSV(b []byte, s string) []byte {
	guarded := needsGuard(s)
	if !needsQuotes(s) {
		if guarded {
			b = append(b, '\'')
		}
		return append(b, s...)
	}
	b = append(b, '"')
	if guarded {
		b = append(b, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(append(b, s[:i]...), `""`...)
		s = s[i+1:]
	}
}

func needsQuotes(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case ',', '"', '\r', '\n':
			return true
		}
	}
	return s[0] == ' '
}

// A cell that begins with one of these may be run as a formula by a spreadsheet, in full-width form too.
const dangerous = "=+-@\t\r\n＝＋－＠"

// needsGuard reports whether an apostrophe is put before a text, as a spreadsheet might run it; or because one is there
// already: to take one leading apostrophe off any text cell gives back the text.
func needsGuard(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && (first == '\'' || strings.ContainsRune(dangerous, first))
}

// Inert is a text as CSV files have it, without the quotes: one that a spreadsheet could run as a formula has an apostrophe
// before it.
func Inert(s string) string {
	if needsGuard(s) {
		return "'" + s
	}
	return s
}

// A plainFile is a table that is a file of its own, written from front to back.
type plainFile struct {
	shape
	file      *file
	rows      int
	format    string
	mediatype string
}

func (p *plainFile) close() error { return p.file.close() }

func (p *plainFile) abandon() {} // the folder closes its files

func (p *plainFile) describe() []dataResource {
	return []dataResource{p.file.resource(p.shape, p.format, p.mediatype, p.rows)}
}
