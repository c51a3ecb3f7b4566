package markup

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/text"
)

// A Table is a page's table with its spans spread out, so that each row can be read on its own. Slots follow the
// algorithm of the HTML standard (13.3.1, "forming a table").
type Table struct {
	Number  int       // of the table in the report, from 1; 0 for one put together from lines of text
	Note    string    // the short line above the table, which may give a unit or a year
	Part    string    // "attachment 1": where the table stands, when that is not the page itself
	Rows    [][]*Cell // a slot is nil where no cell reaches
	Section int       // of the report that the table stands in; 0 when it has no headings
	Cut     bool      // the table, or all of the page, has too many slots; the rest is missing

	own [][]*Cell // by row, once asked for
}

// A Cell is one td or th. It fills every slot it spans.
type Cell struct {
	Text             string // as printed, white space collapsed, line breaks as blanks
	Row, Col         int    // of its first slot, from 0
	RowSpan, ColSpan int
	Order            int // of the cell in its tr, from 1
	Head             bool
	Opaque           bool // empty of text, but not blank: a picture, a control, a script stands in it
	Unsure           bool // what a reader sees of it may be something else than Text

	labelled string // its key, once asked for
}

// Key returns what the text of the cell is compared by, see text.Key.
func (c *Cell) Key() string {
	if c.labelled == "" {
		c.labelled = text.Key(c.Text)
	}
	return c.labelled
}

// WithText returns a cell in the same place with another text.
func (c *Cell) WithText(s string) *Cell {
	other := *c
	other.Text, other.labelled = s, ""
	return &other
}

// MaxSlots bounds a table; the statutory tables have 300 slots. Pages that say rowspan=65535 are held to the rows
// that exist, as the standard has it.
const MaxSlots = 200_000

// NewTable reads a table element, as far as it has no more slots than most. Rows of nested tables belong to those. page
// holds the page's style sheets, or is nil.
func NewTable(n *html.Node, page *Styles, most int) *Table {
	trs := tableRows(n, page)
	around := lookAround(n, page)
	t := &Table{Rows: make([][]*Cell, len(trs))}
	slots := 0
	for y, tr := range trs {
		x, order := 0, 0
		inRow := rowLook(tr, around, page)
		for td := tr.FirstChild; td != nil; td = td.NextSibling {
			if td.DataAtom != atom.Td && td.DataAtom != atom.Th || takesNoPlace(td, page) {
				continue // a hidden cell takes no slot
			}
			for x < len(t.Rows[y]) && t.Rows[y][x] != nil {
				x++
			}
			order++
			c := &Cell{Row: y, Col: x, Order: order, Head: td.DataAtom == atom.Th}
			c.Text, c.Unsure, c.Opaque = readCell(td, page, inRow)
			c.ColSpan = span(td, "colspan", 1000)
			c.RowSpan = span(td, "rowspan", 65534)
			if c.RowSpan == 0 || y+c.RowSpan > len(trs) {
				c.RowSpan = len(trs) - y // 0 means to the end of the row group
			}
			if c.ColSpan == 0 {
				c.ColSpan = 1
			}
			if slots += c.RowSpan * c.ColSpan; slots > most {
				t.Cut = true
				return t
			}
			t.place(c)
			x += c.ColSpan
		}
	}
	return t
}

// place fills the slots of c. Where cells overlap the earlier one stays, as browsers show it.
func (t *Table) place(c *Cell) {
	for y := c.Row; y < c.Row+c.RowSpan; y++ {
		for len(t.Rows[y]) < c.Col+c.ColSpan {
			t.Rows[y] = append(t.Rows[y], nil)
		}
		for x := c.Col; x < c.Col+c.ColSpan; x++ {
			if t.Rows[y][x] == nil {
				t.Rows[y][x] = c
			}
		}
	}
}

// Own returns the cells that begin in row y, left to right. The list is shared.
func (t *Table) Own(y int) []*Cell {
	if t.own == nil {
		t.own = make([][]*Cell, len(t.Rows))
		for y, slots := range t.Rows {
			t.own[y] = make([]*Cell, 0, len(slots))
			for x, c := range slots {
				if c != nil && c.Row == y && c.Col == x {
					t.own[y] = append(t.own[y], c)
				}
			}
		}
	}
	return t.own[y]
}

// Heading is the text of a first row that is a single cell, as some pages head a table with the section's name; "" if
// there is none.
func (t *Table) Heading() string {
	for y := range t.Rows {
		if own := t.Own(y); len(own) == 1 {
			return own[0].Text
		} else if len(own) > 1 {
			return ""
		}
	}
	return ""
}

// Width is the number of slots of the widest row.
func (t *Table) Width() int {
	n := 0
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	return n
}

// String renders the table as it stands in a report's text: a line a row that begins with a tab, cells separated
// by tabs. A cell is written in its first slot; the others it spans stay empty, so that columns stay columns.
func (t *Table) String() string {
	var b strings.Builder
	for y, slots := range t.Rows {
		if len(t.Own(y)) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		for x, c := range slots {
			b.WriteByte('\t')
			if c != nil && c.Row == y && c.Col == x {
				b.WriteString(c.Text)
			}
		}
	}
	return b.String()
}

// tableRows lists the tr elements of a table in the order of the standard: tfoot rows come last.
func tableRows(n *html.Node, page *Styles) []*html.Node {
	var rows, foot []*html.Node
	var collect func(p *html.Node, inFoot bool)
	collect = func(p *html.Node, inFoot bool) {
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Tr:
				if takesNoPlace(c, page) {
					continue
				}
				if inFoot {
					foot = append(foot, c)
				} else {
					rows = append(rows, c)
				}
			case atom.Thead, atom.Tbody:
				collect(c, false)
			case atom.Tfoot:
				collect(c, true)
			}
		}
	}
	collect(n, false)
	return append(rows, foot...)
}

func span(n *html.Node, name string, most int) int {
	v := strings.TrimSpace(Attr(n, name))
	if v == "" {
		return 1
	}
	if i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		v = v[:i]
	}
	k, err := strconv.Atoi(v)
	switch {
	case err != nil && len(v) > 4:
		return most
	case err != nil:
		return 1
	}
	return min(k, most)
}

// CellText is the text of a cell: paragraphs and line breaks become blanks. What is hidden, struck out, or the mark of
// a footnote is left out: 12¹ is twelve. A form control shows its value.
func CellText(n *html.Node) string {
	for n.FirstChild != nil && n.FirstChild == n.LastChild { // most cells are one text in a few elements
		if n = n.FirstChild; n.Type == html.TextNode {
			return text.Compact(n.Data)
		}
		if n.Type != html.ElementNode || notOfCell(n) || n.DataAtom == atom.Br || n.DataAtom == atom.Input {
			break
		}
	}
	var b strings.Builder
	writeCell(&b, n)
	return text.Compact(b.String())
}

// writeCell writes the text of n.
func writeCell(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
		return
	case n.Type != html.ElementNode || notOfCell(n):
		return
	case n.DataAtom == atom.Br:
		b.WriteByte(' ')
		return
	case n.DataAtom == atom.Input:
		switch strings.ToLower(Attr(n, "type")) {
		case "", "text", "number":
			b.WriteString(Attr(n, "value"))
		}
		return
	}
	line := BreaksLine(n)
	if line {
		b.WriteByte(' ')
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		writeCell(b, c)
	}
	if line {
		b.WriteByte(' ')
	}
}

// lookAround is the look that a table takes from the elements around it, and from its own.
func lookAround(table *html.Node, page *Styles) look {
	l := look{size: commonSize}
	var around []*html.Node
	for p := table; p != nil; p = p.Parent {
		if len(p.Attr) > 0 || page.hasRules() {
			around = append(around, p)
		}
	}
	for _, p := range slices.Backward(around) {
		l = l.inherit(p, page.style(p))
	}
	l.hidden = false // it is shown once a button is pressed: what is read is read whole
	return l
}

// rowLook is the look of a row in a table.
func rowLook(tr *html.Node, l look, page *Styles) look {
	if tr.Parent.DataAtom != atom.Table {
		l = l.inherit(tr.Parent, page.style(tr.Parent))
	}
	s := page.style(tr)
	l = l.inherit(tr, s)
	l.hidden = l.hidden || s.concealed(true) == gone
	return l
}

// takesNoPlace reports whether a row or cell is left out, so that what follows it takes its place.
func takesNoPlace(n *html.Node, page *Styles) bool {
	if len(n.Attr) == 0 && !page.hasRules() {
		return false
	}
	s := page.style(n)
	_, hidden := AttrValue(n, "hidden")
	return s["display"] == "none" || s["mso-hide"] == "all" || hidden && s["display"] == "" || s["visibility"] == "collapse" && n.DataAtom == atom.Tr
}

// notOfCell reports whether an element adds nothing to the text of a cell.
func notOfCell(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Sup, atom.Sub, atom.Rt, atom.Rp, atom.Del, atom.S, atom.Strike:
		return true
	}
	return Skipped(n) || strings.Contains(Attr(n, "style"), "line-through")
}
