package view

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"gongkai/cmd/gongkai/term"
	"gongkai/extract"
	"gongkai/extract/form"
)

// Figures are drawn as the statutory form lays them out, whatever the page made of it: rows and columns by their labels
// there, groups by indenting. A figure of a failed identity is marked ✗, a cell that cannot be read is printed as it
// stands, with ?; a blank cell stays blank.

// widestLabel is how wide a label of a row may be in cells of a terminal; longer ones go on in the next line.
const widestLabel = 44

// A formPart is one table of a report as one edition of the form has it.
type formPart struct {
	table *form.Table
	form  string
	cells map[[2]string]form.Figure // by row and column
}

// formParts puts the figures of a report into the tables of the form, in its order. Figures of other tables are left
// out.
func formParts(r *extract.Report) (parts []formPart) {
	schema := form.Schema()
	for i := range schema.Tables {
		p := formPart{table: &schema.Tables[i], cells: map[[2]string]form.Figure{}}
		for _, f := range r.Figures {
			if f.Table == p.table.ID {
				p.form = f.Form
				p.cells[[2]string{f.Row, f.Column}] = f
			}
		}
		if len(p.cells) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// A heading is a row or column of the form, with how many others it stands under.
type heading struct {
	id, label string
	depth     int
	figures   bool // it holds some, and not only heads others
}

func (p formPart) rows() (list []heading) {
	parent := map[string]string{}
	for _, r := range p.table.Rows {
		if slices.Contains(r.Versions, p.form) {
			parent[r.ID] = r.Parent
			list = append(list, heading{r.ID, r.ZH, depthOf(r.ID, parent), r.Leaf})
		}
	}
	return p.shown(list, func(h heading, f form.Figure) bool { return f.Row == h.id })
}

func (p formPart) columns() (list []heading) {
	parent := map[string]string{}
	for _, c := range p.table.Columns {
		if slices.Contains(c.Versions, p.form) {
			parent[c.ID] = c.Parent
			list = append(list, heading{c.ID, c.ZH, depthOf(c.ID, parent), c.Type != "header"})
		}
	}
	return p.shown(list, func(h heading, f form.Figure) bool { return f.Column == h.id })
}

// shown adds what this edition of the form does not have and the report has all the same.
func (p formPart) shown(list []heading, at func(heading, form.Figure) bool) []heading {
	for _, f := range p.cells {
		if !slices.ContainsFunc(list, func(h heading) bool { return at(h, f) }) {
			extra := heading{id: f.Row, label: f.Row, figures: true}
			if !at(extra, f) {
				extra.id, extra.label = f.Column, f.Column
			}
			list = append(list, extra)
			slices.SortStableFunc(list[len(list)-1:], func(a, b heading) int { return strings.Compare(a.id, b.id) })
		}
	}
	return list
}

func depthOf(id string, parent map[string]string) (n int) {
	for parent[id] != "" && n < 8 {
		id = parent[id]
		n++
	}
	return n
}

// indented returns the label below those that it stands under, in lines that are not too wide.
func indented(h heading) string {
	indent := strings.Repeat("  ", h.depth)
	return indent + strings.ReplaceAll(text.WrapHard(h.label, widestLabel-len(indent)), "\n", "\n"+indent)
}

// draw prints the table. One of a single row and many columns is turned round: no terminal is as wide.
func (p formPart) draw(w io.Writer) {
	rows, columns := p.rows(), p.columns()
	title := p.table.ZH
	if p.form != "" {
		title += "  (" + p.table.ID + ", " + p.form + ")"
	}
	fmt.Fprintf(w, "\n%s\n", title)
	t, paint := newFormTable(w), term.Painter(w)
	holders := slices.DeleteFunc(slices.Clone(columns), func(h heading) bool { return !h.figures })
	if len(rows) == 1 && len(holders) > 4 {
		t.AppendHeader(table.Row{"", rows[0].label})
		for _, c := range columns {
			t.AppendRow(table.Row{indented(c), p.cell(rows[0], c, paint)})
		}
		t.Render()
		return
	}
	head := table.Row{""}
	for _, c := range holders {
		head = append(head, c.label)
	}
	t.AppendHeader(head)
	for _, r := range rows {
		row := table.Row{indented(r)}
		for _, c := range holders {
			row = append(row, p.cell(r, c, paint))
		}
		t.AppendRow(row)
	}
	t.Render()
}

func newFormTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	var configs []table.ColumnConfig
	for n := 2; n <= 32; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

func (p formPart) cell(r, c heading, paint func(int, string) string) string {
	f, known := p.cells[[2]string{r.id, c.id}]
	switch {
	case !known || f.Blank != "":
		return ""
	case f.Value == "":
		return f.Raw + " ?"
	case f.Check == form.CheckFailed:
		return paint(term.Red, f.Value+" ✗")
	}
	return f.Value
}

// sectionTables says which statutory tables stand in a section of the form.
func sectionTables(number int) string {
	switch number {
	case 2, 3, 4:
		return fmt.Sprint("t", number)
	}
	return ""
}

// failedChecks prints the identities that fail, in words.
func failedChecks(w io.Writer, r *extract.Report) {
	for _, c := range r.Checks {
		if c.Result == form.CheckFailed {
			fmt.Fprintf(w, "  ✗ %s %s at %s: %s\n", c.ID, c.Table, c.At, c.Detail)
		}
	}
}
