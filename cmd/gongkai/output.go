package main

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
)

// exact returns stdout for what programs read: it is passed on as it is.
func (e *env) exact() io.Writer { return bare(e.stdout) }

// A jsonWriter passes on JSON in which characters that steer terminals are escaped: it says the same to programs, and does
// nothing to whoever looks at it. Each Write takes whole characters, as an Encoder's do.
type jsonWriter struct{ to io.Writer }

func (w jsonWriter) Write(b []byte) (int, error) {
	var out []byte
	for _, r := range string(b) {
		switch {
		case shown(r) == r || r < ' ': // those that are outside of strings
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	_, err := w.to.Write(out)
	return len(b), err
}

// newEncoder returns what writes JSON to stdout, with Chinese as it is.
func (e *env) newEncoder() *json.Encoder {
	enc := json.NewEncoder(jsonWriter{e.exact()})
	enc.SetEscapeHTML(false)
	return enc
}

// printJSON writes v to stdout, indented, with Chinese as it is.
func (e *env) printJSON(v any) error {
	enc := e.newEncoder()
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// newTable starts a plain table on stdout: one head, columns apart by blanks, widths right for Chinese.
func (e *env) newTable(head ...any) table.Writer { return newTableOn(e.stdout, head...) }

func newTableOn(w io.Writer, head ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = 0 // as written, not in capitals
	t.SetStyle(style)
	t.AppendHeader(table.Row(head))
	return t
}
