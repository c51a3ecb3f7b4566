package export

import (
	"context"
	"unicode/utf8"
)

// jsonlFormat writes a file a table: a JSON object a line, with every column in it, null where a cell is empty.
type jsonlFormat struct{ out *folder }

func (j jsonlFormat) begin(t shape) (writer, error) {
	names := make([][]byte, len(t.fields)) // as they stand before a value
	for i, f := range t.fields {
		before := ","
		if i == 0 {
			before = "{"
		}
		names[i] = append(appendJSON([]byte(before), f.name), ':')
	}
	cell := func(b []byte, column int, v *value) []byte { return jsonCell(append(b, names[column]...), v) }
	w := &lineWriter{plainFile: plainFile{t, j.out.create(t.name + ".jsonl"), 0, "jsonl", "application/jsonl"}, cell: cell, end: "}\n"}
	return w, w.file.err
}

func (jsonlFormat) finish(context.Context) error { return nil }

func (jsonlFormat) abandon() {}

func jsonCell(b []byte, v *value) []byte {
	switch {
	case !v.ok:
		return append(b, "null"...)
	case v.bare:
		return append(append(append(b, '"'), v.text...), '"')
	case v.kind == text:
		return appendJSON(b, v.text)
	case v.kind == day || v.kind == instant:
		return append(v.appendTo(append(b, '"')), '"')
	}
	return v.appendTo(b) // a decimal with the digits it was printed with
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
