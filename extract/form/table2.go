package form

import (
	"slices"
	"strings"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// t2 reads the blocks of article 20 and reports whether the table has any. The blocks may share a table or have one
// each, with the article's item above or beside them; a row's own label says which block it belongs to.
func (f *reader) t2(t *markup.Table) bool {
	found := false
	var head []*markup.Cell
	var foreign []int // rows below a head that are none of the form's
	defer func() {
		for _, y := range foreign {
			if found {
				f.problem("row", "t2", "row %d of table %d is not in the form; values: %s", y+1, t.Number, texts(t.Own(y)))
			}
		}
	}()
	for y := range t.Rows {
		own := t.Own(y)
		if len(own) == 0 {
			continue
		}
		if f.t2Head(own) {
			head = own
			continue
		}
		if head != nil && f.goesOn(own, head) {
			head = f.joinHeads(head, own)
			continue
		}
		label, at, exact := f.t2Label(own, head != nil)
		if label < 0 || label+1 >= len(own) {
			if head != nil && len(own) > 1 && own[0].Key() != "" && !parseCell(own[0].Text).ok && lastNumber(own[1:]) != nil {
				foreign = append(foreign, y)
			}
			continue
		}
		found = true
		table, row, _ := strings.Cut(f.labels.t2Rows[at].id, "/")
		if !exact {
			f.problem("label", table+" "+row, "row %q taken for %s", own[label].Text, Schema().Table(table).row(row).ZH)
		}
		if head == nil {
			f.problem("column", table+" "+row, "no head above row %d of table %d; values not read: %s", y+1, t.Number, texts(own[label+1:]))
			continue
		}
		f.t2Row(t, y, table, row, own[label], head)
	}
	return found
}

// t2Head reports whether a row names columns: it says 信息内容, or holds nothing but column labels beside its first cell.
func (f *reader) t2Head(own []*markup.Cell) bool {
	if slices.ContainsFunc(own, func(c *markup.Cell) bool { return headKey(c) == "信息内容" }) {
		return true
	}
	if len(own) < 2 {
		return false
	}
	for _, columns := range f.labels.t2Columns {
		if !slices.ContainsFunc(own[1:], func(c *markup.Cell) bool {
			_, exact, ok := nearest(headKey(c), columns)
			return !ok || !exact
		}) {
			return true
		}
	}
	return false
}

// goesOn reports whether a row is a further line of the head above it: nothing below 信息内容, and no number.
func (f *reader) goesOn(own, head []*markup.Cell) bool {
	words := false
	for _, c := range own {
		switch {
		case parseCell(c.Text).value != "", c.Col == head[0].Col && c.Key() != "":
			return false
		case c.Key() != "" && !parseCell(c.Text).ok:
			words = true
		}
	}
	return words && !slices.ContainsFunc(own, func(c *markup.Cell) bool {
		_, exact, ok := nearest(rowKey(c.Text), f.labels.t2Rows)
		return ok && exact
	})
}

// joinHeads puts two lines of a head together: a cell with nothing below it keeps its label, others take what stands below, with what
// stands above before it where only both are a label of the form.
func (f *reader) joinHeads(upper, lower []*markup.Cell) []*markup.Cell {
	var joined []*markup.Cell
	for _, c := range upper {
		below := slices.DeleteFunc(slices.Clone(lower), func(b *markup.Cell) bool { return b.Col < c.Col || b.Col >= c.Col+c.ColSpan || b.Key() == "" })
		if len(below) == 0 {
			joined = append(joined, c)
		}
		for _, b := range below {
			if !wordsOfForm()[headKey(b)] {
				b = b.WithText(c.Text + b.Text)
			}
			joined = append(joined, b)
		}
	}
	return joined
}

// t2Label finds the cell with the label of a row of the form, among the first two. Without a head above, only the
// form's own words count.
func (f *reader) t2Label(own []*markup.Cell, headed bool) (label, at int, exact bool) {
	for i, c := range own[:min(2, len(own))] {
		key := rowKey(c.Text)
		if key == "" {
			continue
		}
		at, exact, ok := nearest(key, f.labels.t2Rows)
		if ok && (exact || headed && i == 0) {
			return i, at, exact
		}
	}
	return -1, 0, false
}

func (f *reader) t2Row(t *markup.Table, y int, table, row string, label *markup.Cell, head []*markup.Cell) {
	schema := Schema().Table(table)
	columns := f.labels.t2Columns[table]
	used := map[*markup.Cell]bool{}
	shift := 0 // how far the row stands left of its head, where a rowspan beside it is too short
	if i := slices.IndexFunc(head, func(c *markup.Cell) bool { return headKey(c) == "信息内容" }); i >= 0 {
		shift = label.Col - head[i].Col
	}
	if shift != 0 {
		f.problem("alignment", table+" "+row, "row %d of table %d stands %d columns beside its head; it was read by its label", y+1, t.Number, shift)
	}
	for _, h := range head {
		x := h.Col + shift
		if x <= label.Col || h.Key() == "" || headKey(h) == "信息内容" {
			continue
		}
		at, exact, ok := nearest(headKey(h), columns)
		if !ok {
			f.problem("column", table+" "+row, "column %q is not in the form", h.Text)
			continue
		}
		if !exact {
			f.problem("label", table+" "+row, "column %q taken for %s", h.Text, schema.Columns[at].ZH)
		}
		if x >= len(t.Rows[y]) || t.Rows[y][x] == nil {
			continue // reported as missing
		}
		c := t.Rows[y][x]
		if c.Row != y || used[c] {
			f.problem("alignment", table+" "+row, "one cell (%q, %s) stands below several heads or beside several rows; not read", c.Text, locator(t, c))
			continue
		}
		used[c] = true
		column := schema.Columns[at]
		v := valueColumn{x: x, id: column.ID, unit: column.Unit}
		if column.Type == "decimal" {
			v.unit = f.money(t, h, c, column, table+" "+row)
		}
		if len(column.Versions) == 1 {
			v.form = column.Versions[0]
			f.vote("t2", v.form)
		}
		f.add(t, table, row, v, c)
	}
	for _, c := range t.Own(y) {
		if c.Col > label.Col && !used[c] && parseCell(c.Text).value != "" {
			f.problem("alignment", table+" "+row, "%q (%s) stands below no head of the form", c.Text, locator(t, c))
		}
	}
}

// money finds the unit of an amount: in the cell, in its head, in the line above the table. The form prints it in
// the head; where it stands nowhere, nobody knows.
func (f *reader) money(t *markup.Table, head, c *markup.Cell, column Column, where string) string {
	for _, s := range [...]string{c.Text, head.Text, t.Note} {
		if unit := moneyWord.FindString(text.Narrow(text.Simplify(s))); unit != "" {
			return unit
		}
	}
	if column.Unit == "unspecified" {
		return column.Unit // the form of 2019 prints none for procurement
	}
	if parseCell(c.Text).value != "" && strings.Trim(c.Text, "0. ") != "" {
		f.problem("unit", where, "%q has no unit in cell, head or above the table", c.Text)
	}
	return ""
}
