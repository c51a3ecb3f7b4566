package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
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
func (e *env) newEncoder() *json.Encoder { return newEncoderOn(e.exact()) }

func newEncoderOn(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(jsonWriter{w})
	enc.SetEscapeHTML(false)
	return enc
}

// printJSON writes v to stdout, indented, with Chinese as it is.
func (e *env) printJSON(v any) error { return writeJSON(e.exact(), v) }

// writeJSON is printJSON for a file.
func writeJSON(w io.Writer, v any) error {
	enc := newEncoderOn(w)
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

// renderWithin renders a table of so many columns. When it is wider than a width that is not 0, the last column goes on in the
// next line.
func renderWithin(t table.Writer, w io.Writer, columns, width int) {
	t.SetOutputMirror(nil)
	last := 0
	if width > 0 {
		widest := 0
		for line := range strings.SplitSeq(t.Render(), "\n") {
			widest = max(widest, text.StringWidth(line))
			line = strings.TrimRight(line, " ")
			last = max(last, text.StringWidth(line[strings.LastIndex(line, "  ")+1:])-1)
		}
		if widest > width {
			t.SetColumnConfigs([]table.ColumnConfig{{Number: columns, WidthMax: max(16, last-(widest-width)), WidthMaxEnforcer: text.WrapSoft}})
		}
	}
	t.SetOutputMirror(w)
	t.Render()
}

// terminalWidth is how many cells a line of a terminal has, 0 for anything else.
func terminalWidth(w io.Writer) int {
	f, ok := bare(w).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
