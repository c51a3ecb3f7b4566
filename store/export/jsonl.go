package export

import (
	"context"
	"unicode/utf8"
)

// jsonlFormat writes a file a table: a JSON object a line, with every column in it, null where a cell is empty.
type jsonlFormat struct{ out *folder }

func (j jsonlFormat) begin(t shape) (writer, error) {
	w := &jsonlWriter{plainFile: plainFile{t, j.out.create(t.name + ".jsonl"), 0, "jsonl", "application/jsonl"}}
	for i, f := range t.fields {
		before := ","
		if i == 0 {
			before = "{"
		}
		w.names = append(w.names, append(appendJSON([]byte(before), f.name), ':'))
	}
	return w, w.file.err
}

func (jsonlFormat) finish(context.Context) error { return nil }

func (jsonlFormat) abandon() {}

type jsonlWriter struct {
	plainFile
	names [][]byte // of the columns, as they stand before a value
	line  []byte   // used again for each row
}

func (w *jsonlWriter) write(row []value) error {
	b := w.line[:0]
	for i := range row {
		b = append(b, w.names[i]...)
		switch v := &row[i]; {
		case !v.ok:
			b = append(b, "null"...)
		case v.kind == text:
			b = appendJSON(b, v.text)
		case v.kind == day || v.kind == instant:
			b = append(v.appendTo(append(b, '"')), '"')
		default:
			b = v.appendTo(b) // a decimal with the digits it was printed with
		}
	}
	w.line = append(b, "}\n"...)
	w.rows++
	_, err := w.file.Write(w.line)
	return err
}

const hexDigits = "0123456789abcdef"

// appendJSON writes a JSON string: quotes, backslashes and control characters are escaped (RFC 8259), Chinese is not.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		b = append(b, s[from:i]...)
		if c >= ' ' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}
