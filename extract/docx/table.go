package docx

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// A table is collected whole before it is written: how far a cell reaches down is known only from the rows below it.
type table struct {
	rows []row
	cell *cell // the one whose content this flow is
}

type row struct {
	cells         []*cell
	before, after int  // columns left out at the sides
	deleted       bool // by a revision that nobody has accepted yet
}

type cell struct {
	html             string
	column           int
	colSpan, rowSpan int
	down             string // vMerge: "restart", "continue", or "" for none
	right            string // hMerge, of older programs
}

// maxSpan bounds how many columns a cell may claim; Word's own limit is 63 columns a table.
const maxSpan = 1000

func (c *converter) table(f *flow) error {
	if c.tables++; c.tables > maxTables {
		return fmt.Errorf("%w: tables nested deeper than %d", ErrTooLarge, maxTables)
	}
	defer func() { c.tables-- }()
	t := &table{}
	inner := &flow{tab: t}
	if err := c.children(inner); err != nil {
		return err
	}
	t.merge()
	// A table stands between paragraphs. Where one is open, the table follows it like a text box does.
	to := &f.html
	if f.para != nil {
		to = &f.para.boxes
	}
	t.write(to)
	to.WriteString(inner.html.String())
	return nil
}

func (c *converter) row(f *flow) error {
	if f.tab == nil || f.tab.cell != nil {
		return c.children(f) // no row of a table, but what is in it is text
	}
	f.tab.rows = append(f.tab.rows, row{})
	return c.children(f)
}

func (c *converter) cell(f *flow) error {
	if f.tab == nil || len(f.tab.rows) == 0 {
		return c.children(f)
	}
	if c.cells++; c.cells > maxCells {
		return fmt.Errorf("%w: more than %d table cells", ErrTooLarge, maxCells)
	}
	td := &cell{colSpan: 1, rowSpan: 1}
	// The cell's content is a flow of its own that sees the table only for the properties of the cell.
	inner := &flow{tab: &table{cell: td}}
	if err := c.children(inner); err != nil {
		return err
	}
	td.html = strings.TrimSpace(inner.html.String())
	last := &f.tab.rows[len(f.tab.rows)-1]
	last.cells = append(last.cells, td)
	return nil
}

// mark takes note of a property of the current cell or row.
func (t *table) mark(e xml.StartElement) {
	switch e.Name.Local {
	case "gridSpan":
		if t.cell != nil {
			t.cell.colSpan = min(max(number(e), 1), maxSpan)
		}
	case "vMerge":
		if t.cell != nil {
			t.cell.down = mergeKind(e)
		}
	case "hMerge":
		if t.cell != nil {
			t.cell.right = mergeKind(e)
		}
	case "gridBefore", "gridAfter":
		if len(t.rows) == 0 {
			return
		}
		last := &t.rows[len(t.rows)-1]
		if e.Name.Local == "gridBefore" {
			last.before = min(number(e), maxSpan)
		} else {
			last.after = min(number(e), maxSpan)
		}
	}
}

// markDeleted takes note that the current row is deleted, where f stands in the properties of one.
func (t *table) markDeleted(f *flow) {
	if t != nil && t.cell == nil && f.para == nil && len(t.rows) > 0 {
		t.rows[len(t.rows)-1].deleted = true
	}
}

func mergeKind(e xml.StartElement) string {
	if attr(e, "val") == "restart" {
		return "restart"
	}
	return "continue" // the default, when no value is given
}

// merge gives every cell its column and joins those that continue another. A cell that says it continues what is not
// there stays a cell.
func (t *table) merge() {
	t.rows = slices.DeleteFunc(t.rows, func(r row) bool { return r.deleted })
	above := map[int]*cell{}
	for y := range t.rows {
		r := &t.rows[y]
		r.joinRight()
		here := map[int]*cell{}
		column := r.before
		kept := r.cells[:0]
		for _, td := range r.cells {
			td.column = column
			column += td.colSpan
			up := above[td.column]
			if td.down == "continue" && up != nil && up.down != "" && up.colSpan == td.colSpan {
				up.rowSpan++
				here[td.column] = up
				continue
			}
			here[td.column] = td
			kept = append(kept, td)
		}
		r.cells = kept
		above = here
	}
}

// joinRight joins the cells of a row that are merged the old way: as cells of their own that continue to the right.
func (r *row) joinRight() {
	kept := r.cells[:0]
	for _, td := range r.cells {
		if last := len(kept) - 1; td.right == "continue" && last >= 0 && kept[last].right != "" {
			kept[last].colSpan = min(kept[last].colSpan+td.colSpan, maxSpan)
			continue
		}
		kept = append(kept, td)
	}
	r.cells = kept
}

func (t *table) write(b *strings.Builder) {
	b.WriteString("<table>\n")
	for _, r := range t.rows {
		b.WriteString("<tr>")
		writeGap(b, r.before)
		for _, td := range r.cells {
			b.WriteString("<td")
			if td.colSpan > 1 {
				fmt.Fprintf(b, ` colspan="%d"`, td.colSpan)
			}
			if td.rowSpan > 1 {
				fmt.Fprintf(b, ` rowspan="%d"`, td.rowSpan)
			}
			b.WriteByte('>')
			b.WriteString(td.html)
			b.WriteString("</td>")
		}
		writeGap(b, r.after)
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

// writeGap writes the empty cell that holds the place of columns left out.
func writeGap(b *strings.Builder, columns int) {
	if columns > 0 {
		fmt.Fprintf(b, `<td colspan="%d"></td>`, columns)
	}
}
