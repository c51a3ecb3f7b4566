package term

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A jsonWriter passes on JSON in which characters that steer terminals are escaped: it says the same to programs, and
// does nothing to whoever looks at it. Each Write takes whole characters, as an Encoder's do.
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

// NewEncoder returns what writes JSON to the writer below w, with Chinese as it is and without effect on a terminal.
func NewEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(jsonWriter{Bare(w)})
	enc.SetEscapeHTML(false)
	return enc
}

// WriteJSON writes v as NewEncoder does, indented.
func WriteJSON(w io.Writer, v any) error {
	enc := NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// NewTable starts a plain table on w: one head, columns apart by blanks, widths right for Chinese.
func NewTable(w io.Writer, head ...any) table.Writer {
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

// RenderWithin renders a table of so many columns. When it is wider than a width that is not 0, the last column goes on
// in the next line.
func RenderWithin(t table.Writer, w io.Writer, columns, width int) {
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

// Width is how many cells a line of a terminal has, 0 for anything else.
func Width(w io.Writer) int {
	if width, _, ok := sizeOf(w); ok {
		return width
	}
	return 0
}

// Clip cuts a text that is longer than n characters.
func Clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
