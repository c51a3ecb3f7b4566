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
	w := &csvWriter{plainFile: plainFile{t, c.out.create(t.name + ".csv"), 0, "csv", "text/csv"}, last: make([]csvWritten, len(t.fields))}
	if c.bom {
		w.line = append(w.line, byteOrderMark...)
	}
	for i, f := range t.fields {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = append(w.line, f.name...)
	}
	_, err := w.file.Write(append(w.line, '\n'))
	return w, err
}

func (csvFormat) finish(context.Context) error { return nil }

func (csvFormat) abandon() {}

type csvWriter struct {
	plainFile
	line []byte       // used again for each row
	last []csvWritten // of each column
}

// A csvWritten is a text and how it was written: the next row often has it again.
type csvWritten struct {
	text    string
	written []byte
}

func (w *csvWriter) write(row []value) error {
	b := w.line[:0]
	for i := range row {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := &row[i]; {
		case !v.ok:
		case v.kind == text:
			b = w.appendText(b, i, v.text)
		default:
			b = v.appendTo(b) // of a shape that cannot be a formula
		}
	}
	w.line = append(b, '\n')
	w.rows++
	_, err := w.file.Write(w.line)
	return err
}

func (w *csvWriter) appendText(b []byte, column int, s string) []byte {
	last := &w.last[column]
	if s == last.text {
		return append(b, last.written...)
	}
	begin := len(b)
	b = appendCSV(b, s)
	if len(s) <= 1024 {
		last.text, last.written = s, append(last.written[:0], b[begin:]...)
	}
	return b
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
