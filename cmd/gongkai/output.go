package main

import (
	"encoding/json"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
)

// printJSON writes v to stdout, indented, with Chinese as it is.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
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
